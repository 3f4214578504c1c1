import { sessionStoreContract } from '../testing/index.ts'
import { createMemoryStore } from './memory.ts'

sessionStoreContract({ name: 'memory store', create: createMemoryStore })
