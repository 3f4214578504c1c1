import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeDevice } from './device.ts'

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const iosWebKit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

test.each([
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
  [
    'Chrome on Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/142.0.0.0 Safari/537.36`,
  ],
  [
    'Edge on Windows',
    `Mozilla/5.0 (Windows NT 10.0) ${webKit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`,
  ],
  [
    'Opera on macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webKit} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0`,
  ],
  [
    'Safari on macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${iosWebKit} Version/26.1 Safari/605.1.15`,
  ],
  [
    'Safari on iPhone',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) ${iosWebKit} Version/26.1 Mobile/15E148 Safari/604.1`,
  ],
  [
    'Firefox on iPad',
    `Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) ${iosWebKit} FxiOS/145.0 Mobile/15E148 Safari/605.1.15`,
  ],
  [
    'Chrome on iPhone',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) ${iosWebKit} CriOS/142.0 Mobile/15E148 Safari/604.1`,
  ],
  [
    'Chrome on Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${webKit} Chrome/142.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'Samsung Internet on Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${webKit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'Chrome on ChromeOS',
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webKit} Chrome/142.0.0.0 Safari/537.36`,
  ],
  ['Android', `Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) ${webKit} Mobile`],
  [undefined, 'curl/8.14.1'],
  [undefined, ''],
  [undefined, undefined],
])('is %s', (expected, userAgent) => {
  expect(describeDevice(userAgent)).toBe(expected)
})

test('a header of any length and content says nothing but words of ours', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('Edg/', ' Firefox/1 ', '(iPhone; ', 'Linux'))
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      expect(describeDevice(pieces.join('')) ?? '').toMatch(/^[A-Za-z ]{0,40}$/)
    }),
  )
  expect(describeDevice(`${' '.repeat(100_000)}Firefox/1`)).toBeUndefined()
})
