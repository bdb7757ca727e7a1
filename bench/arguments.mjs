/** 300k, 5m or plain digits. `option`: what the text was given for. */
export function countOf(text, option) {
  const [, digits, unit] = /^(\d+)([km]?)$/.exec(text) ?? fail(`--${option}: ${text} is no count`)
  return Number(digits) * { '': 1, k: 1000, m: 1_000_000 }[unit]
}

/** The names in a list separated by commas. */
export function namesOf(text, option, known) {
  const wanted = text.split(',')
  const unknown = wanted.filter((one) => !known.includes(one))
  if (unknown.length > 0) fail(`--${option}: unknown ${unknown.join(', ')}; the names are ${known}`)
  return wanted
}

export function fail(message) {
  console.error(message)
  process.exit(2)
}
