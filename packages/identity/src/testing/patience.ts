import { vi } from 'vitest'

// Password hashes, key pairs and a browser take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
