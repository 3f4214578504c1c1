import type { EventEmitter } from 'node:events'
import type { Logger } from '@sallyport/telemetry'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { ArtifactStore } from './storage/adapter.ts'

/** Security events of the pages, one log line each, in OWASP's vocabulary. Never a secret. */
export interface AuditLog {
  signedIn(subject: string, clientId: string): void
  signInFailed(subject: string | undefined, address: string): void
  signInBlocked(subject: string | undefined, address: string): void
  consented(subject: string, clientId: string): void
  formRejected(clientId: string): void
}

/**
 * Creates the log.
 *
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html OWASP}
 */
export function createAuditLog(log: Logger): AuditLog {
  return {
    signedIn: (subject, clientId) =>
      log.info({ event: 'authn_login_success', subject, client_id: clientId }, 'signed in'),
    signInFailed: (subject, address) =>
      log.warn({ event: 'authn_login_fail', subject, address }, 'sign-in failed'),
    signInBlocked: (subject, address) =>
      log.warn({ event: 'authn_login_fail_max', subject, address }, 'sign-in has to wait'),
    consented: (subject, clientId) =>
      log.info({ event: 'authz_consent', subject, client_id: clientId }, 'access allowed'),
    formRejected: (clientId) =>
      log.warn({ event: 'malicious_csrf', client_id: clientId }, 'form not accepted'),
  }
}

/** Logs what the provider does, and makes a session's end final in the store. */
export function recordProviderEvents(
  provider: Provider,
  log: Logger,
  artifacts: ArtifactStore,
): void {
  provider.on('session.destroyed', (session) => {
    artifacts.burySession(session.uid)
    log.info({ event: 'session_ended', subject: session.accountId }, 'session ended')
  })
  provider.on('grant.success', (ctx) => {
    log.info({ event: 'authn_token_created', ...grantFields(ctx) }, 'tokens issued')
  })
  provider.on('grant.error', (ctx, error) => {
    log.warn({ event: 'authn_token_refused', ...grantFields(ctx), ...fields(error) }, 'refused')
  })
  provider.on('grant.revoked', (ctx) => {
    if (ctx.oidc.entities.RefreshToken?.consumed !== undefined) {
      log.warn({ event: 'authn_token_reuse', ...grantFields(ctx) }, 'a refresh token came again')
    }
    log.info({ event: 'authn_token_revoked', ...grantFields(ctx) }, 'tokens revoked')
  })
  provider.on('authorization.error', (ctx, error) => {
    log.warn({ event: 'authz_fail', ...grantFields(ctx), ...fields(error) }, 'not authorized')
  })
  provider.on('backchannel.success', (_ctx, client) => {
    log.info({ event: 'backchannel_logout', client_id: client.clientId }, 'client told')
  })
  provider.on('backchannel.error', (_ctx, error, client) => {
    const who = { event: 'backchannel_logout_failed', client_id: client.clientId }
    log.error({ ...who, error }, 'client could not be told of a sign-out')
  })
  const app: EventEmitter = provider
  app.on('error', (error) => {
    log.error({ event: 'sys_error', error }, 'a request failed')
  })
  provider.on('server_error', (_ctx, error) => {
    log.error({ event: 'sys_error', error }, 'the provider failed')
  })
}

function grantFields(ctx: KoaContextWithOIDC) {
  const { client, account, params, entities } = ctx.oidc
  const accessToken = entities.AccessToken ?? entities.ClientCredentials
  return {
    client_id: client?.clientId,
    subject: account?.accountId ?? entities.AccessToken?.accountId,
    grant_type: params?.grant_type,
    resource: accessToken?.aud,
    scope: accessToken?.scope,
  }
}

interface Refusal {
  error?: string
  error_description?: string | undefined
  error_detail?: string | undefined
}

function fields({ error, error_description, error_detail }: Refusal) {
  return { reason: error, description: error_description, detail: error_detail }
}
