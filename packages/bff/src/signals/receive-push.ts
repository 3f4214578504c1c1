import { timingSafeEqual } from 'node:crypto'
import { errorCode, SallyportError, type Secret, sha256 } from '@sallyport/core'
import type { BffContext, BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { respondEmpty, respondError, respondJson } from '../respond.ts'
import { invalidRequest, type SetRefusal } from './set-refusal.ts'

const longestSet = 65_536

/**
 * `POST /bff/signals`: the transmitter delivers one SET. It needs no cookie and no header of ours;
 * the signature is the proof, and the `Authorization` that was agreed on.
 *
 * 202 once its events are carried out; 400 with the reason when it is refused; 5xx while store or
 * keys cannot be had, so that it is delivered again.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8935.html#section-2 RFC 8935, section 2}
 */
export function receivePush(
  request: BffRequest,
  context: BffContext,
): ReadDecision | RespondDecision {
  const { signals, log } = context
  if (!signals?.push) throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'no events are pushed here')
  const { authorization } = signals.push
  if (authorization && !isAuthorized(request, authorization)) {
    log.warn({ event: 'signal_sender_unknown' }, 'a security event without its Authorization')
    const description = 'the Authorization is not the one agreed on'
    return refuse({ err: 'authentication_failed', description })
  }
  const types = headerValues(request.headers, 'content-type')
  if (types.length !== 1 || types[0]?.toLowerCase() !== 'application/secevent+jwt') {
    return refuse(invalidRequest('the Content-Type must be application/secevent+jwt'))
  }
  return {
    kind: 'read',
    limit: longestSet,
    async decide(body) {
      try {
        const refusal = await signals.receive(body)
        return refusal ? refuse(refusal) : respondEmpty(202)
      } catch (error) {
        log.warn({ event: 'signal_failed', error }, 'a security event could not be carried out')
        return respondError(request, errorCode(error))
      }
    },
  }
}

function isAuthorized({ headers }: BffRequest, expected: Secret): boolean {
  const [sent, another] = headerValues(headers, 'authorization')
  const given = /^Bearer +(\S+)$/i.exec(sent ?? '')?.[1] ?? ''
  const digest = (text: string) => Buffer.from(sha256(text))
  return timingSafeEqual(digest(given), digest(expected.reveal())) && another === undefined
}

function refuse(refusal: SetRefusal): RespondDecision {
  return respondJson(refusal, { status: 400, headers: ['content-language', 'en'] })
}
