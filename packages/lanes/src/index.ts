export { type FastLane, putFastLane } from './fast/fast-lane.ts'
export {
  createNodeLane,
  type NodeLane,
  type NodeLaneOptions,
  type PassHandler,
} from './node-lane.ts'
export { createNodeServer } from './node-server.ts'
export { createUpstreams, type Upstreams, type UpstreamsParts } from './upstreams.ts'
export { writeRespond } from './write-respond.ts'
