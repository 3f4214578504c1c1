/** More of a header than any browser sends is not looked at. */
const longestHeader = 512

/** Each browser by what only it says, before those whose words it also says. */
const browsers: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOP(?:R|T|iOS)\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(?:Ddg|DuckDuckGo)\//, 'DuckDuckGo'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Headless)?Chrom(?:e|ium)\/|\bCriOS\//, 'Chrome'],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, 'Safari'],
]

const platforms: readonly [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/**
 * What a browser is, for its owner to recognise: "Firefox on Linux". Made of words of ours alone, so
 * that nothing a client sends can get into a list or a log. It says what the client says of itself:
 * many name another browser, an iPad may call itself a Mac, and no right follows from it.
 *
 * @param userAgent the value of `User-Agent`.
 * @returns `undefined` when neither browser nor platform is known.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110.html#section-10.1.5 RFC 9110, section 10.1.5}
 */
export function describeDevice(userAgent: string | undefined): string | undefined {
  const text = userAgent?.slice(0, longestHeader) ?? ''
  const known = [browsers, platforms].flatMap(
    (table) => table.find(([pattern]) => pattern.test(text))?.[1] ?? [],
  )
  return known.length > 0 ? known.join(' on ') : undefined
}
