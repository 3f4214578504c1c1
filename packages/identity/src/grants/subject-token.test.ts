import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type SubjectTokenRules, verifySubjectToken } from './subject-token.ts'

const issuer = 'https://id.example.com'
const audience = 'https://orders.example.com'

let privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
let rules: SubjectTokenRules

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = pair.privateKey
  const publicKey: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' }
  const alice = { subject: 'alice-1', username: 'alice', name: 'Alice', email: 'a@example.com' }
  rules = {
    issuer,
    publicKey,
    audiences: [audience],
    takesBound: false,
    accounts: {
      find: (subject) => (subject === alice.subject ? alice : undefined),
      subjectOf: () => undefined,
      authenticate: () => Promise.resolve(undefined),
    },
  }
})

const now = () => Math.floor(Date.now() / 1000)
const claims = () => ({
  iss: issuer,
  aud: audience,
  sub: 'alice-1',
  client_id: 'bff',
  scope: 'orders.read',
  exp: now() + 60,
  acr: 'urn:x',
})

function sign(change: object = {}, typ = 'at+jwt'): Promise<string> {
  const header = { alg: 'ES256', kid: 'k', typ }
  const payload = { ...claims(), ...change } as JWTPayload
  return new SignJWT(payload).setProtectedHeader(header).sign(privateKey)
}

/** An `act` claim of this many clients. */
function chain(length: number): object {
  return length === 1 ? { sub: 'api-1' } : { sub: `api-${length}`, act: chain(length - 1) }
}

describe('a subject token', () => {
  test('that is a person’s access token is taken, with what it says of the sign-in', async () => {
    const token = await verifySubjectToken(await sign({ act: chain(2) }), rules)
    expect(token).toMatchObject({
      subject: 'alice-1',
      audience,
      act: { sub: 'api-2', act: { sub: 'api-1' } },
      signIn: { acr: 'urn:x' },
    })
    expect([...token.scopes]).toEqual(['orders.read'])
  })

  test.each<[string, object]>([
    ['expired', { exp: 1 }],
    ['without an end', { exp: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: 'https://inventory.example.com' }],
    ['for several audiences', { aud: [audience, 'https://inventory.example.com'] }],
    ['of nobody here', { sub: 'mallory' }],
    ['of a client of its own right', { sub: 'alice-1', client_id: 'alice-1' }],
    ['bound to a key', { cnf: { jkt: 'x' } }],
    ['with a malformed actor', { act: 'api-1' }],
    ['with an actor without a name', { act: { act: { sub: 'x' } } }],
    ['passed on too often', { act: chain(5) }],
  ])('%s is refused', async (_what, change) => {
    const token = await sign(change)
    await expect(verifySubjectToken(token, rules)).rejects.toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('subject_token is not acceptable'),
    })
  })

  test('bound to a key is taken from a client that says it has verified who presented it', async () => {
    const token = await sign({ cnf: { jkt: 'x' } })
    const taken = await verifySubjectToken(token, { ...rules, takesBound: true })
    expect(taken.subject).toBe('alice-1')
  })

  test('of another kind is refused, although everything else is right', async () => {
    for (const typ of ['JWT', 'logout+jwt', '']) {
      const token = await sign({}, typ)
      await expect(verifySubjectToken(token, rules), typ).rejects.toMatchObject({
        error: 'invalid_request',
      })
    }
  })
})
