import { describe, expect, test } from 'vitest'
import { toFilter } from './subject-filter.ts'

const issuer = 'https://idp.example'
const rules = { issuer, isIssuer: true, maySession: true, criticalMembers: [] as string[] }
const user = { format: 'iss_sub', iss: issuer, sub: 'alice' }
const session = { format: 'opaque', id: 's1' }
const email = { format: 'email', email: 'alice@example.com' }

describe('a subject means', () => {
  test.each([
    ['the sessions of a person', user, { issuer, subject: 'alice' }],
    ['one session', session, { issuer, sid: 's1' }],
    ['those of a person, by a member', { format: 'complex', user }, { issuer, subject: 'alice' }],
    ['one session, by a member', { format: 'complex', session }, { issuer, sid: 's1' }],
    [
      'one session of a person',
      { format: 'complex', user, session },
      { issuer, subject: 'alice', sid: 's1' },
    ],
    [
      'no fewer sessions for what else is said of them',
      { format: 'complex', user, tenant: session, device: email },
      { issuer, subject: 'alice' },
    ],
  ])('%s', (_what, subject, filter) => {
    expect(toFilter(subject, rules)).toEqual(filter)
  })
})

describe('a subject is refused', () => {
  test.each([
    ['absent', undefined, rules],
    ['no object', 'alice', rules],
    ['an e-mail address', email, rules],
    ['an account', { format: 'account', uri: 'acct:alice@idp.example' }, rules],
    ['of another issuer', { ...user, iss: 'https://other.example' }, rules],
    ['of an issuer that is written otherwise', { ...user, iss: `${issuer}/` }, rules],
    ['without sub', { ...user, sub: undefined }, rules],
    ['with a number for sub', { ...user, sub: 7 }, rules],
    ['with an id of nothing', { ...session, id: '' }, rules],
    ['an opaque id that is none of a session', session, { ...rules, maySession: false }],
    ['an opaque id of who has no sessions', session, { ...rules, isIssuer: false }],
    ['a session of who has none', { format: 'complex', session }, { ...rules, isIssuer: false }],
    ['a person who cannot be found', { format: 'complex', user: email, session }, rules],
    ['a session that cannot be found', { format: 'complex', user, session: email }, rules],
    ['a device alone', { format: 'complex', device: session }, rules],
    ['nobody', { format: 'complex' }, rules],
    [
      'with a critical member',
      { format: 'complex', user, tenant: session },
      { ...rules, criticalMembers: ['tenant'] },
    ],
  ])('%s', (_what, subject, rulesOfThis) => {
    expect(toFilter(subject, rulesOfThis)).toMatchObject({ err: 'invalid_request' })
  })
})
