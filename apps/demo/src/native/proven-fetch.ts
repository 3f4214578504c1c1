import { createDpopProof, type DpopKey } from '@sallyport/core/dpop'

/** A request to the BFF that shows a key. */
export interface ProvenRequest {
  method: 'GET' | 'POST'
  body?: URLSearchParams
  /** Shown with the proof. */
  accessToken?: string
}

/** Asks the BFF, with a new proof each time. */
export type ProvenFetch = (url: string, request: ProvenRequest) => Promise<Response>

/**
 * Creates it for one key. The latest nonce that the BFF has said is in each proof; when it wants
 * another one it has not looked at the request, which is sent once more.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-8 RFC 9449, sections 8 and 9}
 */
export function createProvenFetch(key: DpopKey): ProvenFetch {
  let nonce: string | undefined

  async function ask(url: string, { method, body, accessToken }: ProvenRequest): Promise<Response> {
    const proof = createDpopProof({
      ...{ key, htm: method, htu: url },
      ...(accessToken !== undefined && { accessToken }),
      ...(nonce !== undefined && { nonce }),
    })
    const authorization = accessToken !== undefined && { authorization: `DPoP ${accessToken}` }
    const headers = { dpop: proof, ...authorization }
    const answer = await fetch(url, { method, headers, ...(body && { body }) })
    nonce = answer.headers.get('dpop-nonce') ?? nonce
    return answer
  }

  return async (url, request) => {
    const answer = await ask(url, request)
    return (await wantsNonce(answer)) ? ask(url, request) : answer
  }
}

/** The token endpoint says it in its body, all others in their challenge. */
async function wantsNonce(answer: Response): Promise<boolean> {
  if (!answer.headers.has('dpop-nonce')) return false
  if (answer.status === 401) {
    return answer.headers.get('www-authenticate')?.includes('error="use_dpop_nonce"') === true
  }
  return answer.status === 400 && (await answer.clone().text()).includes('"use_dpop_nonce"')
}
