/**
 * Who may import whom, by package. What is not here may not be imported; a package that is not
 * here may not exist. `core/contract` is that subpath alone. Outside of packages/ anything may be
 * imported, and nothing of it by a package.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  telemetry: ['core'],
  session: ['core'],
  bff: ['core', 'session', 'telemetry'],
  lanes: ['core', 'session', 'bff', 'telemetry'],
  gateway: ['core', 'session', 'bff', 'lanes', 'telemetry'],
  cli: ['core', 'bff', 'gateway', 'telemetry'],
  guard: ['core', 'telemetry'],
  identity: ['core', 'telemetry'],
  client: ['core/contract'],
}

/** Libraries that one place of what ships touches, so that all else stays free of their shapes. */
export const onlyFrom: Readonly<Record<string, RegExp>> = {
  'openid-client': /^packages\/bff\/src\/oidc/,
  zod: /^packages\/(?:core\/src\/(?:access-token|options)|bff|gateway|guard|identity)\//,
}
