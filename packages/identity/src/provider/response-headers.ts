import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Context, Middleware } from '../http/context.ts'
import { contentSecurityPolicy, setPageHeaders } from '../http/security-headers.ts'
import { isPage } from './routes.ts'

const cacheable = new Set(['jwks', 'discovery'])
const cacheSeconds = 300

/** Headers of whatever the library answers: keys may be cached, nothing else. */
export function createResponseHeaders(): Middleware {
  return async (ctx, next) => {
    if (isPage(ctx.path)) setPageHeaders(ctx)
    else ctx.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' })
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
    const route = (oidc as { route?: string } | undefined)?.route
    if (route && cacheable.has(route) && ctx.status === 200) {
      ctx.set('Cache-Control', `public, max-age=${cacheSeconds}`)
    }
    if (oidc) allowFormPost(ctx, oidc)
  }
}

/** The library's form of response_mode=form_post goes to the redirect URI, which it has checked. */
function allowFormPost(ctx: Context, oidc: KoaContextWithOIDC['oidc']): void {
  const policy = ctx.response.get('Content-Security-Policy') ?? ''
  const redirectUri = oidc.params?.redirect_uri
  const isLibraryForm = policy.includes('script-src') && policy !== contentSecurityPolicy()
  if (!isLibraryForm || !String(oidc.params?.response_mode).startsWith('form_post')) return
  const origin = typeof redirectUri === 'string' ? URL.parse(redirectUri)?.origin : undefined
  if (!origin || !oidc.redirectUriCheckPerformed) return
  ctx.set(
    'Content-Security-Policy',
    policy.replace(/form-action 'self'/, `form-action 'self' ${origin}`),
  )
}
