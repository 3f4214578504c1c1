/** A person who can sign in to the demo. */
export interface DemoAccount {
  readonly username: string
  readonly password: string
  readonly name: string
  readonly email: string
}

/** The demo's people. Their passwords are public: they open nothing but a demo on this machine. */
export const demoAccounts: readonly DemoAccount[] = [
  { username: 'alice', password: 'alice', name: 'Alice Archer', email: 'alice@example.com' },
  { username: 'bob', password: 'bob', name: 'Bob Baker', email: 'bob@example.com' },
]
