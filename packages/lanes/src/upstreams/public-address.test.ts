import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPublicAddress } from './public-address.ts'

describe('A181: an address', () => {
  test.each([
    ...['0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1'],
    ...['127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192'],
    ...['192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['100.100.100.200', '168.63.129.16'],
    ...['::', '::1', '::127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:10.0.0.1'],
    ...[
      '64:ff9b::10.0.0.1',
      '64:ff9b::808:808',
      '64:ff9b:1::1',
      '100::1',
      'fc00::1',
      'fd00:ec2::254',
    ],
    ...['fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2001::1', '2001:db8::1', '2002:a00:1::1'],
    ...['2001:20::1', '3fff::1', '4000::1', '2606:4700::1111%eth0'],
    ...['', 'localhost', '127.1', '2130706433', '0x7f000001', '010.0.0.1', '[::1]', '1.1.1.1 '],
  ])('%j is not public', (text) => {
    expect(isPublicAddress(text)).toBe(false)
  })

  test.each([
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.1.1.1'],
    ...[
      '128.0.0.1',
      '169.253.1.1',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.1.1',
      '223.255.255.255',
    ],
    ...[
      '168.63.129.17',
      '::ffff:1.1.1.1',
      '2606:4700:4700::1111',
      '2a00:1450::1',
      '2001:4860::8888',
    ],
  ])('%s is public', (text) => {
    expect(isPublicAddress(text)).toBe(true)
  })

  test('is the same one in its IPv6 forms', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
        const hex = (high: number, low: number) => (high * 256 + low).toString(16)
        const plain = isPublicAddress(`${a}.${b}.${c}.${d}`)
        expect(isPublicAddress(`::ffff:${a}.${b}.${c}.${d}`)).toBe(plain)
        expect(isPublicAddress(`::FFFF:${hex(a, b)}:${hex(c, d)}`)).toBe(plain)
        expect(isPublicAddress(`0:0:0:0:0:ffff:${hex(a, b)}:${hex(c, d)}`)).toBe(plain)
        // Translated by somebody whose other side nobody here knows.
        expect(isPublicAddress(`64:ff9b::${hex(a, b)}:${hex(c, d)}`)).toBe(false)
        expect(isPublicAddress(`2002:${hex(a, b)}:${hex(c, d)}::1`)).toBe(false)
      }),
    )
  })
})
