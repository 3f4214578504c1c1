import { describe, expect, test } from 'vitest'
import type { LogoutConfig } from '../options/logout-options.ts'
import type { Session } from '../sessions/session.ts'
import { askingPrompt, type SignOutMetadata, toLogoutHint, toLogoutUrl } from './issuer-logout.ts'

const home = new URL('https://app.example/')
const defaults = { returnPath: '/', backchannel: { typ: 'required' }, frontchannel: false } as const
const claims = { sub: 'alice', sid: 'of-issuer', login_hint: 'O.opaque' }

interface Setting {
  issuer: string
  logout?: Partial<LogoutConfig>
  metadata?: SignOutMetadata
}

/** Where a browser is sent, with the ID token `jwt` in the session. */
function place({ issuer, logout = {}, metadata = {} }: Setting, present: object = claims) {
  const parties = {
    issuer: new URL(issuer),
    clientId: 'bff',
    logout: { ...defaults, ...logout },
  }
  const session = { content: { idToken: 'jwt', claims: present } } as unknown as Session
  const url = toLogoutUrl(toLogoutHint(session, parties), home, { ...parties, metadata })
  return url && decodeURIComponent(url.href)
}

const back = 'post_logout_redirect_uri=https://app.example/'

describe('an issuer is asked in its own words', () => {
  // biome-ignore format: a table reads by column
  test.each<[string, Setting, string | undefined]>([
    ['as the standard has it', { issuer: 'https://idp.example', metadata: { endSessionEndpoint: 'https://idp.example/end?a=b' } },
      `https://idp.example/end?a=b&client_id=bff&${back}&id_token_hint=jwt`],
    ['with its sid', { issuer: 'https://idp.example', logout: { hint: 'sid' }, metadata: { endSessionEndpoint: 'https://idp.example/end' } },
      `https://idp.example/end?client_id=bff&${back}&logout_hint=of-issuer`],
    ['at a place that its metadata keeps to itself', { issuer: 'https://idp.example', logout: { endpoint: new URL('https://idp.example/bye') } },
      `https://idp.example/bye?client_id=bff&${back}&id_token_hint=jwt`],
    ['Entra: by login_hint', { issuer: 'https://login.microsoftonline.com/t/v2.0', metadata: { endSessionEndpoint: 'https://login.microsoftonline.com/t/oauth2/v2.0/logout' } },
      `https://login.microsoftonline.com/t/oauth2/v2.0/logout?client_id=bff&${back}&logout_hint=O.opaque`],
    ['Auth0: the endpoint of old', { issuer: 'https://t.eu.auth0.com/' },
      'https://t.eu.auth0.com/v2/logout?client_id=bff&returnTo=https://app.example/'],
    ['Auth0: the standard where its metadata has it', { issuer: 'https://t.eu.auth0.com/', metadata: { endSessionEndpoint: 'https://t.eu.auth0.com/oidc/logout' } },
      `https://t.eu.auth0.com/oidc/logout?client_id=bff&${back}&id_token_hint=jwt`],
    ['Auth0 under a domain of one’s own', { issuer: 'https://id.example/', logout: { shape: 'auth0' } },
      'https://id.example/v2/logout?client_id=bff&returnTo=https://app.example/'],
    ['Cognito: at the domain of the pool', { issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/p', metadata: { authorizationEndpoint: 'https://p.auth.eu-west-1.amazoncognito.com/oauth2/authorize' } },
      'https://p.auth.eu-west-1.amazoncognito.com/logout?client_id=bff&logout_uri=https://app.example/'],
    ['Google: it has no such place', { issuer: 'https://accounts.google.com' }, undefined],
    ['on demand: not at all', { issuer: 'https://idp.example', logout: { shape: 'local' }, metadata: { endSessionEndpoint: 'https://idp.example/end' } }, undefined],
  ])('%s', (_what, setting, expected) => {
    expect(place(setting)).toBe(expected)
  })

  test('by the ID token when the claim to name the session by is missing', () => {
    const metadata = { endSessionEndpoint: 'https://idp.example/end' }
    const url = place({ issuer: 'https://idp.example', logout: { hint: 'sid' }, metadata }, {})
    expect(url).toContain('id_token_hint=jwt')
    expect(url).not.toContain('logout_hint')
  })

  test.each([
    ['https://auth0.com.evil.example/'],
    ['https://cognito-idp.eu-west-1.amazonaws.com.evil.example/'],
  ])('%s is none of the known hosts', (issuer) => {
    expect(place({ issuer })).toBeUndefined()
  })
})

// biome-ignore format: a table reads by column
test.each([
  ['https://accounts.google.com', undefined,                    'select_account'],
  ['https://idp.example',         undefined,                    'login'],
  ['https://idp.example',         ['none', 'select_account'],   'select_account'],
  ['https://idp.example',         ['none', 'login'],            'login'],
])('%s that knows %j is made to ask by %s', (issuer, promptValues, prompt) => {
  expect(askingPrompt(new URL(issuer), { promptValues })).toBe(prompt)
})
