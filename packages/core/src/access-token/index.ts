export { defaultSignatureAlgorithms, signatureAlgorithms } from './algorithms.ts'
export { type ChallengeDetails, type Realm, toChallenge } from './challenge.ts'
export { type AccessTokenClaims, isClientToken, scopesOf } from './claims.ts'
export {
  assertProof,
  type PresentedProof,
  type ProofContext,
  type ProofRules,
  type Replays,
} from './presented-proof.ts'
export {
  type PresentedToken,
  readPresentedToken,
  type TokenRequestHead,
  type TokenScheme,
} from './presented-token.ts'
export { assertSender, type Presentation } from './sender-constraint.ts'
export { type AccessTokenExpectation, verifyAccessToken } from './verify-access-token.ts'
