import type { SessionState } from '@sallyport/client'

type Reason = NonNullable<Extract<SessionState, { status: 'signed_out' }>['reason']>

const issuerSaid = 'You signed out at the identity server.'

const explanations: Readonly<Record<Reason, string>> = {
  logout: 'You signed out in another tab or window.',
  expired: 'It ran out, as nothing was asked of the server for a while.',
  replaced: 'Somebody signed in anew in this browser.',
  repeated: 'You signed in anew in this browser.',
  refresh_rejected: 'The identity server no longer renews your sign-in.',
  backchannel: issuerSaid,
  frontchannel: issuerSaid,
  shared_signals: 'The identity server reported a change of your account.',
  revoked: 'It was ended from elsewhere: by you on another device, or by an administrator.',
  lost: 'The server no longer knows it.',
}

/** Why a session ended, for a person. */
export function explainEnd(reason: Reason | undefined): string {
  const known = reason && Object.hasOwn(explanations, reason) ? explanations[reason] : undefined
  return known ?? 'It expired, or you signed out in another tab.'
}
