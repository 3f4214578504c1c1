import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SallyportError } from '@sallyport/core'
import { z } from 'zod'
import { type DemoAccount, demoAccounts } from './start/accounts.ts'

/** The demo's services, each a process of its own, in the order they are shown. */
export const serviceNames = ['bff', 'identity', 'orders', 'inventory'] as const

export type ServiceName = (typeof serviceNames)[number]

/** What each service of the demo gets to know. Plain JSON: it travels between processes. */
export interface DemoSettings {
  /** Listened on by each service, on the loopback interface only. */
  readonly ports: Readonly<Record<ServiceName, number>>
  /** Where a browser finds each service: `http://localhost:PORT`, no slash at the end. */
  readonly publicUrls: Readonly<Record<ServiceName, string>>
  /** Absolute path. Databases, keys and logs live here, and nothing else does. */
  readonly dataDir: string
  readonly keyFiles: DemoKeyFiles
  readonly lifetimes: DemoLifetimes
  readonly accounts: readonly DemoAccount[]
}

/** What a service gets at its start: the settings, and what the starter made of them. */
export interface ServiceSettings extends DemoSettings {
  /** Absolute path of the built page: `index.html`, and `assets` with hashed names. */
  readonly webDir: string
}

/** Absolute paths of the key files, mode 0600, made when the demo first starts. */
export interface DemoKeyFiles {
  /** ES256 private JWK with `kid` and `alg`: how the BFF proves that it is the client `bff`. */
  readonly bff: string
  /** The public half: all that the identity server knows of it. */
  readonly bffPublic: string
  /** ES256 private JWK of the client `orders-api`. */
  readonly ordersApi: string
  readonly ordersApiPublic: string
  /** 32 random bytes, base64url: what the BFF seals sessions with. */
  readonly seal: string
}

/** How long things last, in seconds. */
export interface DemoLifetimes {
  readonly accessToken: number
  /** A session without a request ends after this. */
  readonly sessionIdle: number
  /** A session ends after this, however active. */
  readonly sessionAbsolute: number
  /** A sign-in that is older asks for another one before money is given back. @defaultValue 300 */
  readonly refundMaxAge?: number
}

/** What a person asked of `npm start`. */
export interface DemoRequest {
  readonly settings: DemoSettings
  /** Show the services' logs in the terminal too. */
  readonly verbose: boolean
  /** Only explain the settings. */
  readonly help: boolean
}

const repository = resolve(import.meta.dirname, '../../..')

const wholeNumber = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number)
const port = wholeNumber.pipe(z.number().min(1).max(65_535))
const seconds = wholeNumber.pipe(z.number().min(1))

/** Every variable: its default, its rule, its flag if it has one, and what it is for. */
const variables = {
  SALLYPORT_DATA: {
    fallback: join(repository, '.sallyport/demo'),
    rule: z.string().min(1),
    flag: 'data',
    help: 'folder of databases, keys and logs',
  },
  BFF_PORT: { fallback: 3000, rule: port, flag: 'port', help: 'the application, behind the BFF' },
  IDENTITY_PORT: { fallback: 3001, rule: port, help: 'the identity server' },
  ORDERS_PORT: { fallback: 3011, rule: port, help: 'the orders API' },
  INVENTORY_PORT: { fallback: 3012, rule: port, help: 'the inventory API' },
  ACCESS_TOKEN_SECONDS: { fallback: 300, rule: seconds, help: 'lifetime of access tokens' },
  SESSION_IDLE_SECONDS: {
    fallback: 3600,
    rule: seconds,
    help: 'end of a session without requests',
  },
  SESSION_ABSOLUTE_SECONDS: { fallback: 43_200, rule: seconds, help: 'end of any session' },
  REFUND_MAX_AGE_SECONDS: { fallback: 300, rule: seconds, help: 'age of a sign-in for a refund' },
} as const satisfies Record<string, Variable>

interface Variable {
  fallback: string | number
  rule: z.ZodType
  flag?: string
  help: string
}

type VariableName = keyof typeof variables

/** The variable that moves a service to another port. */
export const portVariables = {
  bff: 'BFF_PORT',
  identity: 'IDENTITY_PORT',
  orders: 'ORDERS_PORT',
  inventory: 'INVENTORY_PORT',
} as const satisfies Record<ServiceName, VariableName>

/**
 * Reads settings from the command line, then the environment, then the defaults.
 *
 * @throws `ERR_CONFIG_INVALID` naming every problem at once.
 */
export function parseDemoRequest(
  flags: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DemoRequest {
  const problems: string[] = []
  const { given, verbose, help } = readFlags(flags, problems)
  const values = readVariables({ ...environment, ...given }, problems)
  checkPortsDiffer(values, problems)
  if (values.SESSION_IDLE_SECONDS > values.SESSION_ABSOLUTE_SECONDS) {
    problems.push('SESSION_IDLE_SECONDS: must not exceed SESSION_ABSOLUTE_SECONDS')
  }
  if (problems.length > 0) {
    const list = problems.map((problem) => `\n  ${problem}`).join('')
    throw new SallyportError('ERR_CONFIG_INVALID', `The demo's settings do not fit:${list}`)
  }
  return { settings: toSettings(values), verbose, help }
}

/** What `npm start -- --help` prints. */
export function describeSettings(): string {
  const rows = Object.entries<Variable>(variables).map(([name, { fallback, flag, help }]) => {
    const names = flag ? `${name}, --${flag}` : name
    return `  ${names.padEnd(24)}  ${help} (${fallback})`
  })
  return [
    'npm start runs the demo. Variables and flags, with their defaults:',
    '',
    ...rows,
    `  ${'--verbose'.padEnd(24)}  show the logs of the services here too`,
    '',
    'Flags come after two dashes: npm start -- --port 3100',
    '',
  ].join('\n')
}

type Values = { [name in VariableName]: z.infer<(typeof variables)[name]['rule']> }

function readFlags(flags: readonly string[], problems: string[]) {
  const named = Object.entries<Variable>(variables).flatMap(([name, { flag }]) =>
    flag ? ([[flag, name]] as const) : [],
  )
  const options = {
    verbose: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    ...Object.fromEntries(named.map(([flag]) => [flag, { type: 'string' }] as const)),
  } as const
  const { values, tokens } = parseArgs({
    args: [...flags],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${token.value}: not a flag`)
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      problems.push(
        `${token.rawName}: unknown flag (there are --${Object.keys(options).join(', --')})`,
      )
    }
  }
  const given: Record<string, string> = {}
  for (const [flag, name] of named) {
    const value: unknown = (values as Record<string, unknown>)[flag]
    if (typeof value === 'string') given[name] = value
    else if (value !== undefined) problems.push(`--${flag}: needs a value`)
  }
  return { given, verbose: values.verbose === true, help: values.help === true }
}

function readVariables(
  raw: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Values {
  const entries = Object.entries<Variable>(variables).map(([name, { fallback, rule }]) => {
    const parsed = rule.safeParse(String(raw[name] ?? fallback))
    if (parsed.success) return [name, parsed.data]
    for (const { message } of parsed.error.issues) problems.push(`${name}: ${message}`)
    return [name, fallback]
  })
  return Object.fromEntries(entries) as Values
}

function checkPortsDiffer(values: Values, problems: string[]): void {
  const seen = new Map<number, string>()
  for (const name of Object.values(portVariables)) {
    const other = seen.get(values[name])
    if (other) problems.push(`${name}: ${values[name]} is the port of ${other} already`)
    seen.set(values[name], name)
  }
}

function toSettings(values: Values): DemoSettings {
  const ports = {
    bff: values.BFF_PORT,
    identity: values.IDENTITY_PORT,
    orders: values.ORDERS_PORT,
    inventory: values.INVENTORY_PORT,
  }
  return createDemoSettings({
    ports,
    dataDir: resolve(values.SALLYPORT_DATA.replace(/^~(?=\/|$)/, homedir())),
    lifetimes: {
      accessToken: values.ACCESS_TOKEN_SECONDS,
      sessionIdle: values.SESSION_IDLE_SECONDS,
      sessionAbsolute: values.SESSION_ABSOLUTE_SECONDS,
      refundMaxAge: values.REFUND_MAX_AGE_SECONDS,
    },
  })
}

/** The settings that follow from ports, data folder and lifetimes: what a test starts with. */
export function createDemoSettings(
  choice: Pick<DemoSettings, 'ports' | 'dataDir' | 'lifetimes'>,
): DemoSettings {
  const { ports, dataDir } = choice
  const keys = join(dataDir, 'keys')
  return {
    ...choice,
    publicUrls: {
      bff: toUrl(ports.bff),
      identity: toUrl(ports.identity),
      orders: toUrl(ports.orders),
      inventory: toUrl(ports.inventory),
    },
    keyFiles: {
      bff: join(keys, 'bff.private.json'),
      bffPublic: join(keys, 'bff.public.json'),
      ordersApi: join(keys, 'orders-api.private.json'),
      ordersApiPublic: join(keys, 'orders-api.public.json'),
      seal: join(keys, 'seal.key'),
    },
    accounts: demoAccounts,
  }
}

function toUrl(portNumber: number): string {
  return `http://localhost:${portNumber}`
}
