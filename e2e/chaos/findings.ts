/** A session that was lost. */
export interface Loss {
  readonly subject: string
  /** A sentence. */
  readonly what: string
}

/** What users have seen so far. */
export interface Findings {
  calls: number
  /** Calls that an API has answered with 2xx. */
  answered: number
  signIns: number
  /** Acknowledged ones, at the application or at the issuer. */
  signOuts: number
  /** A user was signed in, did not sign out, and was told to sign in. */
  readonly lost: Loss[]
  /** A call went through although its session had been signed out. A sentence each. */
  readonly afterLogout: string[]
  /** When calls began that a gateway has answered, whatever it said, by whose they were. */
  readonly heardAtMs: Map<string, number[]>
  /** The longest time, in milliseconds, for which a gateway still believed its cache. */
  longestStaleMs: number
  /** How often a status, or no answer at all, was got instead of 2xx. */
  readonly failures: Map<string, number>
}

export function createFindings(): Findings {
  return {
    ...{ calls: 0, answered: 0, signIns: 0, signOuts: 0, longestStaleMs: 0 },
    ...{ lost: [], afterLogout: [], heardAtMs: new Map(), failures: new Map() },
  }
}

export function noteFailure(findings: Findings, what: string): void {
  findings.failures.set(what, (findings.failures.get(what) ?? 0) + 1)
}

/** Notes a call that was answered. */
export function noteHeard({ heardAtMs }: Findings, subject: string, startedAtMs: number): void {
  const known = heardAtMs.get(subject) ?? []
  known.push(startedAtMs)
  heardAtMs.set(subject, known)
}
