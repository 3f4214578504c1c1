import { type MouseEvent, useSyncExternalStore } from 'react'

/** The pages, by path. `/` is the front door: signed in, it leads on to the orders. */
export const routes = {
  '/': 'Orders',
  '/orders': 'Orders',
  '/security': 'Security',
} as const

export type Route = keyof typeof routes

/** The page that is shown; nothing for a path that is none. */
export function useRoute(): Route | undefined {
  const path = useSyncExternalStore(subscribe, () => location.pathname)
  return Object.hasOwn(routes, path) ? (path as Route) : undefined
}

/** Shows another page without leaving this document. */
export function navigate(route: Route, method: 'push' | 'replace' = 'push'): void {
  history[`${method}State`](null, '', route)
  dispatchEvent(new PopStateEvent('popstate'))
  if (method === 'push') scrollTo(0, 0)
}

/** What a link to a page needs: a plain click stays here, any other is the browser's. */
export function linkTo(route: Route) {
  return {
    href: route,
    onClick(event: MouseEvent) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      navigate(route)
    },
  }
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}
