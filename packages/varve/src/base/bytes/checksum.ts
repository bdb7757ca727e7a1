/** CRC-32 (IEEE 802.3, as in zlib), the checksum of every record, block and footer. */
export { crc32 } from 'node:zlib'
