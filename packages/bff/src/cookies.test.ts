import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { createCookies, type Transaction } from './cookies.ts'

const config = {
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
  frontend: 'https://app.example',
  basePath: '',
}

function browser() {
  let now = 1_000_000
  const jar = new Map<string, string>()
  const cookies = createCookies(config, () => now)
  return {
    cookies,
    jar,
    wait: (seconds: number) => {
      now += seconds
    },
    present: () => parseCookies([...jar].map(([name, value]) => `${name}=${value}`).join('; ')),
    header: () => [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    store(setCookies: string[]) {
      for (const setCookie of setCookies) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
        if (value) jar.set(name as string, value)
        else jar.delete(name as string)
      }
    },
    transaction: (returnUrl = '/orders'): Transaction => ({
      ...{ state: randomToken(), nonce: randomToken(), codeVerifier: randomToken() },
      ...{ issuer: 'https://idp.example/', returnUrl, createdAt: now },
    }),
  }
}

describe('transaction cookies', () => {
  test('BFF-03..08: have every attribute that protects them', () => {
    const { cookies, transaction } = browser()
    const [setCookie] = cookies.transaction(transaction(), [])
    expect(setCookie).toMatch(
      /^__Host-Http-bff\.tx\.[\w-]{43}=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=7200$/,
    )
  })

  test('A008: 500 sign-ins that nobody finishes leave few cookies, and the latest works', () => {
    const tab = browser()
    let latest = tab.transaction()
    for (let i = 0; i < 500; i += 1) {
      latest = tab.transaction(`/${'a'.repeat(i)}`)
      tab.store(tab.cookies.transaction(latest, tab.present()))
      tab.wait(0.5)
      expect(tab.header().length).toBeLessThan(8192)
    }
    expect(tab.jar.size).toBeLessThanOrEqual(10)
    expect(tab.cookies.readTransaction(latest.state, tab.present())?.nonce).toBe(latest.nonce)
  })

  test('ten tabs can sign in side by side', () => {
    const tab = browser()
    const all = Array.from({ length: 10 }, () => tab.transaction())
    for (const one of all) tab.store(tab.cookies.transaction(one, tab.present()))
    for (const one of all) {
      expect(tab.cookies.readTransaction(one.state, tab.present())).toEqual(one)
    }
  })

  test('A022: one that is older than its time completes nothing, and is forgotten later', () => {
    const tab = browser()
    const one = tab.transaction()
    tab.store(tab.cookies.transaction(one, []))
    const read = () => [
      tab.cookies.readTransaction(one.state, tab.present())?.state,
      tab.cookies.readLateTransaction(one.state, tab.present())?.state,
    ]
    tab.wait(599)
    expect(read()).toEqual([one.state, undefined])
    tab.wait(1)
    expect(read()).toEqual([undefined, one.state])
    // One more tab: a late one goes only when there is no room.
    tab.store(tab.cookies.transaction(tab.transaction(), tab.present()))
    tab.wait(7200 - 601)
    expect(read()).toEqual([undefined, one.state])
    tab.wait(1)
    expect(read()).toEqual([undefined, undefined])
    expect(tab.cookies.isNamed(one.state, tab.present())).toBe(true)
  })

  test('A002, A021, A053: opens under its own state only, and not when changed', () => {
    const tab = browser()
    const [one, two] = [tab.transaction(), tab.transaction()]
    tab.store(tab.cookies.transaction(one, []))
    const value = [...tab.jar.values()][0] as string
    const read = (state: string, text: string) =>
      tab.cookies.readTransaction(state, [{ name: `__Host-Http-bff.tx.${state}`, value: text }])
    expect(read(one.state, value)).toEqual(one)
    expect(read(two.state, value)).toBeUndefined()
    expect(read(one.state, `${value.slice(0, -2)}AA`)).toBeUndefined()
    expect(read(one.state, '')).toBeUndefined()
  })
})
