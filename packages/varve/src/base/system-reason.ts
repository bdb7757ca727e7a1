/** What codes of the operating system mean, for messages. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'the name is taken',
  EIO: 'input/output error',
  EISDIR: 'it is a directory',
  ELOOP: 'symbolic links lead in a circle',
  EMFILE: 'this process has too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'the system has too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'part of the path is a file, not a directory',
  ENOTEMPTY: 'the directory is not empty',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  EXDEV: 'the two paths are on different file systems',
}

/** A code of the operating system with its meaning; the code alone if that is not known. */
export function systemReason(systemCode: string): string {
  const reason = reasons[systemCode]
  return reason === undefined ? systemCode : `${systemCode} (${reason})`
}
