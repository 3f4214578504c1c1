import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createClientAddress } from './client-address.ts'

const addresses = ['10.0.0.0/8', '192.0.2.10', 'fd00::/8', '::1']
const readers = {
  'x-forwarded-for': createClientAddress({ addresses, header: 'x-forwarded-for' }),
  forwarded: createClientAddress({ addresses, header: 'forwarded' }),
}
const nobody = createClientAddress()

interface Hop {
  header?: keyof typeof readers
  peer?: string
  values: readonly string[]
}

function clientOf({ header = 'x-forwarded-for', peer = '10.0.0.1', values }: Hop): string {
  const headers = values.flatMap((value) => [header === 'forwarded' ? 'Forwarded' : header, value])
  return readers[header]({ method: 'GET', target: '/', headers, remoteAddress: peer })
}

describe('the client of a request', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:CB00:7107', '203.0.113.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['', ''],
  ])('A094: is its peer %j, written %j, when no proxy is trusted', (remoteAddress, written) => {
    const headers = [
      ...['X-Forwarded-For', '1.2.3.4', 'Forwarded', 'for=1.2.3.4', 'X-Real-IP', '1.2.3.4'],
      ...['True-Client-IP', '1.2.3.4', 'CF-Connecting-IP', '1.2.3.4'],
    ]
    expect(nobody({ method: 'GET', target: '/', headers, remoteAddress })).toBe(written)
  })

  test.each([
    ['203.0.113.7', 'no proxy'],
    ['11.0.0.1', 'next to a network'],
    ['192.0.2.1', 'next to an address'],
    ['fe80::1', 'of another network'],
    ['::ffff:11.0.0.1', 'no proxy, mapped'],
  ])('A094: is the peer %s, who is %s, whatever it says', (peer) => {
    const own = peer.replace('::ffff:', '')
    expect(clientOf({ peer, values: ['1.2.3.4'] })).toBe(own)
    expect(clientOf({ peer, header: 'forwarded', values: ['for=1.2.3.4'] })).toBe(own)
  })

  test.each(['10.0.0.1', '10.255.255.255', '192.0.2.10', '::ffff:10.0.0.1', 'fd12::9', '::1'])(
    'is whom a trusted peer %s names',
    (peer) => expect(clientOf({ peer, values: ['1.2.3.4'] })).toBe('1.2.3.4'),
  )

  test.each<[string, string, string]>([
    ['one hop', '1.2.3.4', '1.2.3.4'],
    ['what the client said before', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['two proxies', '1.2.3.4, 10.0.0.2', '1.2.3.4'],
    ['three, one mapped', '6.6.6.6,1.2.3.4,fd00::1, ::ffff:10.9.9.9', '1.2.3.4'],
    ['a proxy said by the client', '10.0.0.9, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
    ['nobody but proxies', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a port', '1.2.3.4:5678', '1.2.3.4'],
    ['IPv6', '2001:DB8::0:1', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv6 with a zone', 'fe80::1%eth0', 'fe80::1'],
    ['IPv4 in IPv6', '::ffff:1.2.3.4', '1.2.3.4'],
    ['garbage before the client', 'evil<>, unknown,,1.2.3.4', '1.2.3.4'],
    ['empty elements', ' , 1.2.3.4 ,, 10.0.0.2,', '1.2.3.4'],
    ['nothing', '', '10.0.0.1'],
    ['unknown', 'unknown', '10.0.0.1'],
    ['unknown behind a proxy', '1.2.3.4, unknown, 10.0.0.2', '10.0.0.1'],
    ['an obfuscated one', '1.2.3.4, _hidden', '10.0.0.1'],
    ['a host', 'localhost', '10.0.0.1'],
    ['octal', '010.0.0.9', '10.0.0.1'],
    ['decimal', '2130706433', '10.0.0.1'],
    ['short', '127.1', '10.0.0.1'],
    ['IPv4 in brackets', '[1.2.3.4]', '10.0.0.1'],
    ['an open bracket', '[2001:db8::1', '10.0.0.1'],
    ['two ports', '1.2.3.4:1:2', '10.0.0.1'],
    ['a scheme', 'http://1.2.3.4', '10.0.0.1'],
    ['quotes', '"1.2.3.4"', '10.0.0.1'],
    ['a control character', '1.2.3.4\u0001', '10.0.0.1'],
    ['sixteen proxies', `1.2.3.4${', 10.0.0.2'.repeat(15)}`, '1.2.3.4'],
    ['more than anybody has', `1.2.3.4${', 10.0.0.2'.repeat(16)}`, '10.0.0.1'],
    ['a long list of the client’s', `${'6.6.6.6,'.repeat(2000)}1.2.3.4`, '1.2.3.4'],
  ])('X-Forwarded-For, %s: %j is %s', (_what, value, client) => {
    expect(clientOf({ values: [value] })).toBe(client)
  })

  test.each<[string, string, string]>([
    ['one hop', 'for=1.2.3.4', '1.2.3.4'],
    ['other parameters', 'proto=https; by=10.0.0.1;host=evil;FOR=1.2.3.4', '1.2.3.4'],
    ['what the client said before', 'for=6.6.6.6, for=1.2.3.4', '1.2.3.4'],
    ['two proxies', 'for=1.2.3.4, for="[fd00::1]:99";proto=http', '1.2.3.4'],
    ['IPv6', 'for="[2001:db8::1]"', '2001:db8::1'],
    ['IPv6 with a port', 'For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['a port', 'for="1.2.3.4:80"', '1.2.3.4'],
    ['an obfuscated port', 'for="1.2.3.4:_x.Y-1"', '1.2.3.4'],
    ['escapes', 'for="1.\\2.3.4"', '1.2.3.4'],
    ['a comma in quotes', 'host="a,for=6.6.6.6";for=1.2.3.4', '1.2.3.4'],
    ['empty elements and pairs', ', ;for=1.2.3.4;,,', '1.2.3.4'],
    ['unknown', 'for=1.2.3.4, for=unknown', '10.0.0.1'],
    ['an obfuscated one', 'for=1.2.3.4, for=_hidden', '10.0.0.1'],
    ['an element without for', 'for=1.2.3.4, proto=https', '10.0.0.1'],
    ['for twice', 'for=1.2.3.4;for=6.6.6.6', '10.0.0.1'],
    ['by twice', 'for=1.2.3.4;by=_a;by=_b', '10.0.0.1'],
    ['a port without quotes', 'for=1.2.3.4:80', '10.0.0.1'],
    ['IPv6 without quotes', 'for=[2001:db8::1]', '10.0.0.1'],
    ['an open quote of the client’s', 'for=6.6.6.6;x=", for=1.2.3.4', '10.0.0.1'],
    ['a quote that eats the proxy’s', 'for=6.6.6.6;x=", for="1.2.3.4:80"', '10.0.0.1'],
    ['no value', 'for=', '10.0.0.1'],
    ['blanks around =', 'for = 1.2.3.4', '10.0.0.1'],
    ['no pair', '1.2.3.4', '10.0.0.1'],
    ['X-Forwarded-For’s form', '1.2.3.4, 5.6.7.8', '10.0.0.1'],
    ['sixteen proxies', `for=1.2.3.4${', for=10.0.0.2'.repeat(15)}`, '1.2.3.4'],
    ['more than anybody has', `for=1.2.3.4${', for=10.0.0.2'.repeat(16)}`, '10.0.0.1'],
  ])('Forwarded, %s: %j is %s', (_what, value, client) => {
    expect(clientOf({ header: 'forwarded', values: [value] })).toBe(client)
  })

  test('is read from repeated fields in their order', () => {
    expect(clientOf({ values: ['6.6.6.6', '1.2.3.4', '10.0.0.2'] })).toBe('1.2.3.4')
    const malformed = ['for=6.6.6.6;x="', 'for=1.2.3.4', 'for=10.0.0.2']
    expect(clientOf({ header: 'forwarded', values: malformed })).toBe('1.2.3.4')
    const reached = ['for=1.2.3.4', 'for="', 'for=10.0.0.2']
    expect(clientOf({ header: 'forwarded', values: reached })).toBe('10.0.0.1')
  })

  test('A094: is what the one named header says, never another', () => {
    const headers = [
      'Forwarded',
      'for=6.6.6.6',
      'X-Real-IP',
      '6.6.6.6',
      'X_Forwarded_For',
      '6.6.6.6',
    ]
    const head = { method: 'GET', target: '/', headers, remoteAddress: '10.0.0.1' }
    expect(readers['x-forwarded-for'](head)).toBe('10.0.0.1')
    const other = { ...head, headers: ['X-Forwarded-For', '6.6.6.6'] }
    expect(readers.forwarded(other)).toBe('10.0.0.1')
  })

  test('can say nothing before what the nearest proxy wrote', () => {
    const words = [
      'for=',
      '6.6.6.6',
      ',',
      ';',
      '"',
      '\\',
      '[',
      ']',
      ':',
      ' ',
      '\t',
      '_x',
      '10.0.0.2',
    ]
    const said = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(said, (text) => {
        expect(clientOf({ values: [`${text}, 1.2.3.4`] })).toBe('1.2.3.4')
        const forwarded = (own: string) =>
          clientOf({ header: 'forwarded', values: [`${text}, ${own}`] })
        // A quote that is not closed swallows what comes after it: then nobody is named.
        expect(['1.2.3.4', '10.0.0.1']).toContain(forwarded('for=1.2.3.4'))
        expect(['1.2.3.4', '10.0.0.1']).toContain(forwarded('for="1.2.3.4:80";proto=https'))
      }),
      { numRuns: 2000 },
    )
  })

  test('is read in time that grows with the header, not faster', () => {
    const started = performance.now()
    for (const value of [' '.repeat(16_000), 'a="'.repeat(5000), ' ;'.repeat(8000)]) {
      expect(clientOf({ header: 'forwarded', values: [`${value}x`] })).toBe('10.0.0.1')
    }
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('trusted proxies', () => {
  test.each([
    ['0.0.0.0/0', 'trusts everybody'],
    ['::/0', 'trusts everybody'],
    ['10.0.0.0/33', 'must be an IP address'],
    ['fd00::/129', 'must be an IP address'],
    ['10.0.0.0/', 'must be an IP address'],
    ['10.0.0', 'must be an IP address'],
    ['*', 'must be an IP address'],
    ['loopback', 'must be an IP address'],
    ['fe80::1%eth0', 'must be an IP address'],
    ['10.0.0.1, 10.0.0.2', 'must be an IP address'],
  ])('%s is refused: %s', (address, message) => {
    const attempt = () => createClientAddress({ addresses: [address], header: 'forwarded' })
    expect(attempt).toThrow(`addresses[0]: ${message}`)
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })

  test.each([
    [{ addresses: ['::1'] }, 'header: '],
    [{ addresses: ['::1'], header: 'x-real-ip' }, 'header: '],
    [{ addresses: [], header: 'forwarded' }, 'addresses: '],
    [{ adresses: ['::1'], header: 'forwarded' }, 'did you mean "addresses"'],
  ])('%j lacks something', (options, message) => {
    expect(() => createClientAddress(options as never)).toThrow(message)
  })
})
