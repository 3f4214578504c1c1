/** Whether a version fits a range of the forms `^1.2.3` and `>=1.2.3`, joined by `||`. */
export function satisfies(version: string, range: string): boolean {
  const actual = version.split('.').map(Number)
  return range.split('||').some((part) => {
    const [, operator, least] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(part) || []
    if (!least) throw new TypeError(`not a range of ^ or >=: ${part}`)
    const wanted = least.split('.').map(Number)
    if (operator === '^' && actual[0] !== wanted[0]) return false
    const different = wanted.findIndex((number, index) => actual[index] !== number)
    return different < 0 || Number(actual[different]) > Number(wanted[different])
  })
}
