/** What users have seen so far. */
export interface Findings {
  calls: number
  /** Calls that an API has answered with 2xx. */
  answered: number
  signIns: number
  /** Acknowledged ones, at the application or at the issuer. */
  signOuts: number
  /** A user was signed in, did not sign out, and was told to sign in. A sentence each. */
  readonly lost: string[]
  /** A call went through although its session had been signed out. A sentence each. */
  readonly afterLogout: string[]
  /** The longest time, in milliseconds, for which a gateway still believed its cache. */
  longestStaleMs: number
  /** How often a status, or no answer at all, was got instead of 2xx. */
  readonly failures: Map<string, number>
}

export function createFindings(): Findings {
  return {
    ...{ calls: 0, answered: 0, signIns: 0, signOuts: 0, longestStaleMs: 0 },
    ...{ lost: [], afterLogout: [], failures: new Map() },
  }
}

export function noteFailure(findings: Findings, what: string): void {
  findings.failures.set(what, (findings.failures.get(what) ?? 0) + 1)
}
