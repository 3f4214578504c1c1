import { createIdentityServer } from '@sallyport/identity'
import { identityOptions } from './identity-options.ts'
import { serve } from './serve.ts'

serve('identity', (settings, telemetry) =>
  createIdentityServer({ ...identityOptions(settings), telemetry }),
)
