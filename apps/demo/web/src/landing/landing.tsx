import { demoAccounts } from '../../../src/start/accounts.ts'
import { useClient } from '../client-context.ts'
import { type Route, routes } from '../router.ts'
import { Mark } from '../shell/mark.tsx'
import { FlowDiagram } from './flow-diagram.tsx'

/** The page of somebody who is not signed in. */
export function Landing({ route }: { route: Route | undefined }) {
  const client = useClient()
  const wanted = route && route !== '/' ? routes[route] : undefined
  return (
    <div className="landing" data-testid="signed-out">
      <header className="landing-header">
        <p className="brand">
          <Mark />
          Sallyport Demo
        </p>
      </header>
      <main className="landing-main">
        <div className="pitch">
          <h1>A shop’s back office that keeps no token in the browser.</h1>
          <p className="lead">
            You sign in at the identity server. The gateway keeps the tokens, and this page gets one
            cookie that no script can read. Each API call is exchanged for the right access token on
            its way.
          </p>
          {wanted && (
            <p className="wanted" role="status">
              Sign in to open <strong>{wanted}</strong>. You come back to this page.
            </p>
          )}
          <button
            type="button"
            className="button primary huge"
            onClick={() => client.login()}
            data-testid="sign-in"
          >
            Sign in
          </button>
          <section className="accounts" aria-labelledby="accounts-title">
            <h2 id="accounts-title">Sign in as</h2>
            <ul>
              {demoAccounts.map(({ username, password, name }) => (
                <li key={username}>
                  <span className="avatar" aria-hidden="true">
                    {name.slice(0, 1)}
                  </span>
                  <span>
                    <strong>{name}</strong>
                    <span className="credentials">
                      <code>{username}</code> with password <code>{password}</code>
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <figure className="flow">
          <FlowDiagram />
          <figcaption>
            <span className="key cookie">cookie</span>
            <span className="key token">token</span>
            <span>The two never cross the gate together.</span>
          </figcaption>
        </figure>
      </main>
    </div>
  )
}
