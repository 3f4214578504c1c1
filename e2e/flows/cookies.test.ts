import { readFileSync } from 'node:fs'
import { createSealer, createSecret } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { untouched } from '../world/untouched.ts'
import { createWorld, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
let browser: Browser
let good: string
let bad: string
beforeAll(async () => {
  world = await createWorld()
  browser = await world.signIn()
  good = browser.cookies.get(session) ?? ''
  const other = await world.signIn(undefined, 'bob')
  bad = other.cookies.get(session) ?? ''
})
afterAll(() => world.close())

/** Asks who is signed in and for an API, with Cookie lines of our own; nothing else may happen. */
async function statusesWith(...cookieLines: string[]): Promise<number[]> {
  const own = ownLines(world.app)
  const ask = async (path: string) => {
    const bytes = head(`GET ${path} HTTP/1.1`, ...own, ...cookieLines, 'Connection: close')
    return (await sendRaw(world.app, bytes)).statuses
  }
  const user = await ask('/bff/user?slide=false')
  if (user[0] === 200) return user
  return untouched(world, async () => [...user, ...(await ask('/api/orders'))])
}

const cookie = (text: string) => `Cookie: ${text.replaceAll('BAD', bad).replaceAll('GOOD', good)}`

describe('a session cookie', () => {
  test.each([
    ['A060: two session cookies, bad first', ['__Host-Http-bff=BAD; __Host-Http-bff=GOOD']],
    ['A060: two session cookies, good first', ['__Host-Http-bff=GOOD; __Host-Http-bff=BAD']],
    ['A060: split over two fields', ['__Host-Http-bff=BAD', '__Host-Http-bff=GOOD']],
    ['A060: split, the other way', ['__Host-Http-bff=GOOD', '__Host-Http-bff=BAD']],
    ['A060: an empty one beside it', ['__Host-Http-bff=; __Host-Http-bff=GOOD']],
    ['A060: nonsense beside it', ['__Host-Http-bff=GOOD; x=1; __Host-Http-bff=x']],
    ['A060: in a field of odd case', ['__Host-Http-bff=GOOD\r\ncOOKIE: __Host-Http-bff=BAD']],
    ['A061: without its prefix', ['bff=GOOD']],
    ['A061: with another prefix', ['__Host-bff=GOOD; __Secure-bff=GOOD; Http-bff=GOOD']],
    ['A062: U+2000 before the name', ['\xE2\x80\x80__Host-Http-bff=GOOD']],
    ['A062: a no-break space before the name', ['\xA0__Host-Http-bff=GOOD']],
    ['A062: NEL before the name', ['\x85__Host-Http-bff=GOOD']],
    ['A062: a byte order mark before the name', ['\xEF\xBB\xBF__Host-Http-bff=GOOD']],
    ['A062: U+00A0 after the value', ['__Host-Http-bff=GOOD\xA0']],
    ['A064: nameless, with a value like it', ['=__Host-Http-bff=GOOD']],
    ['A064: nameless, sent without its mark', ['__Host-Http-bff=x']],
    ['A065: in another case', ['__host-http-BFF=GOOD; __HOST-HTTP-BFF=GOOD']],
    ['A066: names of prototypes', ['__proto__=GOOD; constructor=GOOD; toString=GOOD']],
    ['in quotes', ['__Host-Http-bff="GOOD"']],
    ['percent-encoded', ['__Host-Http-bff=%47OOD', '__Host%2DHttp-bff=GOOD']],
    ['shortened', ['__Host-Http-bff=GOO']],
  ])('%s: is nobody', async (_row, fields) => {
    expect(await statusesWith(...fields.map(cookie))).toEqual([401, 401])
  })

  test('A060: is reported when it is ambiguous, without a value', async () => {
    const before = world.logLines.length
    await statusesWith(cookie('__Host-Http-bff=BAD; __Host-Http-bff=GOOD'))
    const lines = world.logLines.slice(before).join('')
    expect(lines).toContain('session_cookie_ambiguous')
    expect(lines).not.toContain(good)
    expect(lines).not.toContain(bad)
  })

  test.each([
    ['among others', ['a=b; __Host-Http-bff=GOOD; c']],
    ['A060: twice, the very same', ['__Host-Http-bff=GOOD; __Host-Http-bff=GOOD']],
    ['A061: beside one tossed by a sibling', ['bff=BAD; __Host-Http-bff=GOOD; __Host-bff=BAD']],
    ['A062: beside one in disguise', ['\xE2\x80\x80__Host-Http-bff=BAD; __Host-Http-bff=GOOD']],
    ['A062: with blanks and tabs around it', ['a=b;\t __Host-Http-bff\t= GOOD \t; c=d']],
    ['A064: beside a nameless one', ['=__Host-Http-bff=BAD; __Host-Http-bff=GOOD']],
    ['A065: beside one in another case', ['__host-http-bff=BAD; __Host-Http-bff=GOOD']],
    ['A066: beside names of prototypes', ['__proto__=x; __Host-Http-bff=GOOD; constructor=y']],
  ])('%s: is read', async (_row, fields) => {
    expect(await statusesWith(...fields.map(cookie))).toEqual([200])
  })

  test.each(['\x0c', '\x00', '\x1f', '\x7f'])(
    'A062: %j in the field is refused by the parser',
    async (character) => {
      expect((await statusesWith(cookie(`${character}__Host-Http-bff=GOOD`)))[0]).toBe(400)
    },
  )

  test('A070: too long a value is nobody, too long a field is 431, and life goes on', async () => {
    expect(await statusesWith(cookie(`${session}=${'a'.repeat(5000)}`))).toEqual([401, 401])
    expect(await statusesWith(cookie(`a=${'b'.repeat(100 * 1024)}`))).toEqual([431, 431])
    expect(await statusesWith(cookie(Array(4000).fill('a=b').join('; ')))).toEqual([431, 431])
    expect(await statusesWith(cookie('__Host-Http-bff=GOOD'))).toEqual([200])
  })

  test('A078: that holds a session itself is nobody, even sealed with our key', async () => {
    const key = createSecret(readFileSync(world.settings.keyFiles.seal, 'utf8').trim())
    const content = JSON.stringify({ claims: { sub: 'alice' }, idToken: '', accessTokens: {} })
    for (const purpose of ['session', 'transaction', 'logout']) {
      const sealed = createSealer([{ kid: 'demo', key }], purpose).seal(content, '')
      expect(await statusesWith(cookie(`${session}=${sealed}`)), purpose).toEqual([401, 401])
    }
  })

  test('A021: a transaction’s cookie is none of a session, nor the reverse', async () => {
    const visitor = createBrowser()
    await visitor.ask(`${world.app}/bff/login`)
    const [[name, value] = []] = visitor.cookies
    expect(await statusesWith(cookie(`${session}=${value}`))).toEqual([401, 401])
    const state = name?.split('.tx.')[1]
    const answer = await untouched(world, () =>
      visitor.ask(`${world.app}/bff/callback?code=x&state=${state}&iss=${world.issuer}`, {
        withoutCookies: true,
        headers: ['cookie', `${name}=${good}`],
      }),
    )
    expect(answer.status).toBe(400)
  })
})

/** The attributes of a Set-Cookie value, but for how long it lives. */
function attributes(setCookie: string): string[] {
  const [, ...rest] = setCookie.split('; ')
  return rest.filter((attribute) => !/^(Max-Age|Expires)=/i.test(attribute)).sort()
}

describe('cookies that are set', () => {
  test.each([
    ['a transaction', `${session}.tx.`, 'Lax', '/'],
    ['a session', `${session}=`, 'Strict', '/'],
    ['a pending sign-out', '__Secure-bff.hint=', 'Strict', '/bff/logout'],
  ])(
    'A081: are deleted with the attributes of their creation: %s',
    async (_of, prefix, sameSite, path) => {
      const visitor = await world.signIn()
      await visitor.call(`${world.app}/bff/logout`, { method: 'POST' })
      await visitor.ask(`${world.app}/bff/logout`)
      const all = visitor.setCookies.filter((setCookie) => setCookie.startsWith(prefix))
      const deleted = all.at(-1) ?? ''
      expect(all.length).toBeGreaterThan(1)
      expect(deleted).toMatch(/^[^=]+=; .*Max-Age=0$/)
      for (const setCookie of all) {
        expect(setCookie.split('=')[0]).toBe(deleted.split('=')[0])
        const wanted = ['HttpOnly', `Path=${path}`, `SameSite=${sameSite}`, 'Secure']
        expect(attributes(setCookie)).toEqual(wanted)
      }
    },
  )

  test('A084: take nothing of their name, path or domain from a request', async () => {
    const returnUrl = encodeURIComponent('/orders;Path=/evil;Domain=evil.example;SameSite=None')
    const answer = await createBrowser().ask(`${world.app}/bff/login?returnUrl=${returnUrl}`, {
      headers: [
        'cookie',
        `${session}.tx.evil;Path=/x=1; ${session}.tx.=1; ${session}.tx.a,b=1; ${session}.tx.é=1; ${session}.tx.old=1`,
      ],
    })
    expect(answer.status).toBe(303)
    const setCookies = answer.headers('set-cookie')
    expect(setCookies.length).toBeGreaterThan(0)
    for (const setCookie of setCookies) {
      expect(setCookie).toMatch(
        /^__Host-Http-bff\.tx\.[\w-]*=[\w.-]*; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
      )
    }
  })
})
