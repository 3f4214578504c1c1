import { expect, test } from 'vitest'
import { parseGatewayOptions } from './options.ts'

const good = { bff: {}, listen: { port: 3000 }, store: { lmdbFolder: 'sessions' } }

test('listens on localhost unless told otherwise', () => {
  expect(parseGatewayOptions(good).listen).toEqual({ host: 'localhost', port: 3000 })
})

test('all problems come at once, and what was meant by a misspelt key', () => {
  const broken = { ...good, webfolder: '', listen: { prot: 3000 }, store: { lmdbFolder: '' } }
  const attempt = () => parseGatewayOptions(broken)
  for (const line of [
    'listen.port: ',
    'listen: unknown key "prot": did you mean "port"?',
    'store.lmdbFolder: ',
    'options: unknown key "webfolder": did you mean "webFolder"?',
  ]) {
    expect(attempt).toThrow(line)
  }
  expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
})

test.each([
  [{ bff: undefined }, 'bff: is needed'],
  [{ frontends: [{ bff: {} }] }, 'bff: stands for one'],
  [{ frontends: [] }, 'frontends: '],
  [{ bff: undefined, frontends: [{ bff: {} }], webFolder: 'web' }, 'webFolder: belongs to bff'],
])('says which frontends are meant: %j', (change, problem) => {
  expect(() => parseGatewayOptions({ ...good, ...change })).toThrow(problem)
})
