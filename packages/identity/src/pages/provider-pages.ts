import { traceId } from '@sallyport/telemetry'

import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Context } from '../http/context.ts'
import { sendPage } from '../http/security-headers.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import { pages } from '../provider/routes.ts'
import type { ArtifactStore } from '../storage/adapter.ts'
import { messagePage } from './message-page.ts'
import { signOutPage } from './sign-out-page.ts'
import { startAgain } from './start-again.ts'

/** The pages that the library asks for by itself. */
export interface ProviderPages {
  confirmSignOut(ctx: KoaContextWithOIDC): void
  signedOut(ctx: KoaContextWithOIDC): void
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): void
}

/** Creates the pages. */
export function createProviderPages(
  config: IdentityConfig,
  accounts: AccountStore,
  artifacts: ArtifactStore,
): ProviderPages {
  const { host } = new URL(config.issuer)
  const nameOf = (clientId: string | undefined) =>
    clientId === undefined ? undefined : config.clients.get(clientId)?.name

  return {
    confirmSignOut(ctx) {
      const { session, client, params } = ctx.oidc
      const account = session?.accountId ? accounts.find(session.accountId) : undefined
      const returnTo = params?.post_logout_redirect_uri
      const query = client ? `?client=${encodeURIComponent(client.clientId)}` : ''
      sendPage(ctx as Context, host, {
        status: 200,
        title: 'Sign out',
        body: signOutPage({
          clientName: nameOf(client?.clientId),
          accountName: account?.name,
          action: ctx.oidc.urlFor('end_session_confirm'),
          formToken: String(session?.state?.secret ?? ''),
          stayUri: `${pages.staySignedIn}${query}`,
        }),
        formTargets: [typeof returnTo === 'string' ? returnTo : undefined],
      })
    },

    signedOut(ctx) {
      sendPage(ctx as Context, host, {
        status: 200,
        title: 'Signed out',
        body: messagePage({
          heading: 'You are signed out',
          text: 'Your session has ended. You can close this window.',
          next: startAgain(config.clients, ctx.oidc.client?.clientId),
        }),
      })
    },

    error(ctx, out, error) {
      const uid: unknown = ctx.params?.uid
      const clientId =
        ctx.oidc.client?.clientId ??
        (typeof uid === 'string' ? artifacts.clientOfInteraction(uid) : undefined)
      const next = startAgain(config.clients, clientId)
      sendPage(ctx as Context, host, {
        status: ctx.status,
        title: 'Cannot continue',
        body: messagePage({ ...explain(out, error), next, facts: facts(out) }),
      })
    },
  }
}

/** What a page tells of an error that the library reports. */
function explain(out: ErrorOut, error: Error): { heading: string; text: string } {
  if (error instanceof errors.SessionNotFound) {
    return {
      heading: 'This page is out of date',
      text: 'The sign-in it belonged to is finished, or was started in another window. Start again from the application.',
    }
  }
  if (out.error === 'server_error') {
    return {
      heading: 'Something went wrong',
      text: 'The sign-in server failed at this. Try again in a moment.',
    }
  }
  return {
    heading: 'This request cannot be completed',
    text: 'The application asked for something that this server does not accept. Nothing was shared with it.',
  }
}

function facts(out: ErrorOut): Record<string, string | undefined> {
  const isInternal = out.error === 'server_error'
  return {
    Error: out.error,
    Detail: isInternal ? undefined : out.error_description,
    Reference: traceId(),
  }
}
