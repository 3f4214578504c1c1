import type { Context } from './context.ts'

/**
 * Whether a form was posted from a page of this server, as far as the browser says.
 *
 * Pages here send no referrer, and then browsers say `Origin: null`, also for their own origin: so
 * `null` counts only together with `Sec-Fetch-Site: same-origin`. The form's own token is what
 * decides where a browser says nothing.
 */
export function isSameOrigin(ctx: Context, issuer: string): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  if (site) return site === 'same-origin'
  const origin = ctx.get('Origin')
  return origin === '' || origin === issuer
}
