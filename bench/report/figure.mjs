/** A number with three digits that count, without exponents. */
export function figure(number) {
  if (number >= 100) return Math.round(number).toLocaleString('en-US')
  return number.toFixed(number >= 10 ? 1 : 2)
}
