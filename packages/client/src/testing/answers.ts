/** What `GET /bff/user` says while Alice is signed in, with ten minutes left. */
export const alice = [
  { type: 'sub', value: 'alice' },
  { type: 'name', value: 'Alice Archer' },
  { type: 'amr', value: ['pwd'] },
  { type: 'bff:session_expires_in', value: 600 },
]

/** What a BFF answers when nobody is signed in. */
export function loginRequired(): Response {
  return problem(401, 'login_required')
}

/** An error answer of a BFF. */
export function problem(status: number, name: string): Response {
  return new Response(JSON.stringify({ type: `urn:sallyport:problem:${name}`, status }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}
