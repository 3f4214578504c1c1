import { setTimeout as delay } from 'node:timers/promises'
import type { ChaosGateway, ChaosWorld } from './chaos-world.ts'
import type { Random } from './random.ts'

/** Something that goes wrong for a while, and is mended. */
export interface Fault {
  readonly name: string
  strike(world: ChaosWorld): Promise<void>
}

/** Seconds that a gateway's clock jumps; the great ones are what a resumed machine may do. */
const jumps = [-3600, -30, -5, 5, 30, 3600] as const

/** Milliseconds for which a renewal is waited for: tokens live for four seconds. */
const longestSearchMs = 5000

/** How many kinds of faults there are: one round. */
export const kindsOfFaults = 10

/**
 * Deals faults in rounds: each kind once, in any order. What comes depends on the seed alone, and on
 * whether the store has a server that can fail.
 */
export function createFaultDealer(random: Random, hasServer: boolean): () => Fault {
  const atGateway = [gatewayKill, killInRenewal, gatewayPause, pauseInRenewal, clockJump]
  const everywhere = [...atGateway, issuerKill, issuerSlow, answersLost]
  // Without a server there is what a machine's end does to whoever was writing.
  const atStore = hasServer ? [storeRestart, storePause] : [bothKilled, clockJump]
  let left: ((random: Random) => Fault)[] = []

  return () => {
    if (left.length === 0) left = [...everywhere, ...atStore]
    const [kind] = left.splice(Math.floor(random.fraction() * left.length), 1)
    return (kind as typeof gatewayKill)(random)
  }
}

function gatewayKill(random: Random): Fault {
  const [index, downMs] = [pickGateway(random), random.between(0, 1000)]
  return {
    name: `kill -9 of ${nameOf(index)}, down for ${seconds(downMs)}`,
    strike: ({ gateways }) => restart(gateways[index], downMs),
  }
}

/** Between the issuer's answer and the write of what it brought: what a short lease is for. */
function killInRenewal(random: Random): Fault {
  const [index, downMs] = [pickGateway(random), random.between(0, 1000)]
  return {
    name: `kill -9 of ${nameOf(index)} in a renewal, down for ${seconds(downMs)}`,
    async strike(world) {
      await inRenewal(world, index, () => world.gateways[index].kill())
      await delay(downMs)
      await world.gateways[index].start()
    },
  }
}

/** The same moment, for longer than a lease lasts: it comes back with an answer that is old. */
function pauseInRenewal(random: Random): Fault {
  const [index, forMs] = [pickGateway(random), random.between(4000, 7000)]
  return {
    name: `SIGSTOP of ${nameOf(index)} in a renewal for ${seconds(forMs)}`,
    async strike(world) {
      const gateway = world.gateways[index]
      await inRenewal(world, index, () => gateway.pause())
      await delay(forMs)
      gateway.resume()
    },
  }
}

/** Waits until the issuer has granted something to a gateway that has not been told yet. */
async function inRenewal(
  { weather, sendings, gateways }: ChaosWorld,
  index: 0 | 1,
  strike: () => unknown,
): Promise<void> {
  weather.lateAnswersMs = 600
  const latestMs = performance.now() + longestSearchMs
  while (!sendings.isOwed(gateways[index].name) && performance.now() < latestMs) await delay(10)
  await strike()
  weather.lateAnswersMs = 0
}

function bothKilled(random: Random): Fault {
  const downMs = random.between(0, 1000)
  return {
    name: `kill -9 of both gateways, down for ${seconds(downMs)}`,
    async strike({ gateways }) {
      await Promise.all(gateways.map((one) => restart(one, downMs)))
    },
  }
}

/** Also for longer than a lease lasts: then the other one takes it over, and the first comes back. */
function gatewayPause(random: Random): Fault {
  const [index, forMs] = [pickGateway(random), random.between(300, 6000)]
  return {
    name: `SIGSTOP of ${nameOf(index)} for ${seconds(forMs)}`,
    async strike({ gateways }) {
      gateways[index].pause()
      await delay(forMs)
      gateways[index].resume()
    },
  }
}

function clockJump(random: Random): Fault {
  const [index, forMs] = [pickGateway(random), random.between(1500, 4000)]
  const clockOffset = random.pick(jumps)
  return {
    name: `clock of ${nameOf(index)} jumps by ${clockOffset} s for ${seconds(forMs)}`,
    async strike({ gateways }) {
      gateways[index].tell({ clockOffset })
      await delay(forMs)
      gateways[index].tell({ clockOffset: 0 })
    },
  }
}

function issuerKill(random: Random): Fault {
  const downMs = random.between(200, 1500)
  return {
    name: `kill -9 of the identity server, down for ${seconds(downMs)}`,
    strike: ({ identity }) => restart(identity, downMs),
  }
}

function issuerSlow(random: Random): Fault {
  const [slowMs, forMs] = [random.between(200, 1000), random.between(1500, 3000)]
  return {
    name: `the identity server is ${seconds(slowMs)} late for ${seconds(forMs)}`,
    async strike({ weather }) {
      weather.slowMs = slowMs
      await delay(forMs)
      weather.slowMs = 0
    },
  }
}

function answersLost(random: Random): Fault {
  const [share, forMs] = [random.between(0.3, 1), random.between(1000, 2500)]
  const own = random.fork()
  return {
    name: `${Math.round(share * 100)} % of token answers get lost for ${seconds(forMs)}`,
    async strike({ weather }) {
      weather.loses = () => own.fraction() < share
      await delay(forMs)
      weather.loses = () => false
    },
  }
}

function storeRestart(random: Random): Fault {
  const downMs = random.between(0, 1500)
  return {
    name: `kill -9 of the store, down for ${seconds(downMs)}`,
    async strike({ store }) {
      await store.server?.kill()
      await delay(downMs)
      await store.server?.restart()
    },
  }
}

function storePause(random: Random): Fault {
  const forMs = random.between(300, 3000)
  return {
    name: `SIGSTOP of the store for ${seconds(forMs)}`,
    async strike({ store }) {
      store.server?.pause()
      await delay(forMs)
      store.server?.resume()
    },
  }
}

async function restart(one: Pick<ChaosGateway, 'kill' | 'start'>, downMs: number): Promise<void> {
  await one.kill()
  await delay(downMs)
  await one.start()
}

function pickGateway(random: Random): 0 | 1 {
  return random.pick([0, 1])
}

function nameOf(index: 0 | 1): string {
  return index === 0 ? 'gateway-a' : 'gateway-b'
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
