import { expect, test } from 'vitest'
import { readQuestion } from './question.ts'

const one = ['https://app.example']

test.each([
  ['https://app.example/x?y#z', one, 'app.example', '/x?y#z'],
  ['HTTPS://App.Example', [], 'app.example', '/'],
  ['https://app.example:443?x', one, 'app.example', '/?x'],
  ['http://localhost:3000/a/../b', [], 'localhost:3000', '/a/../b'],
  ['/x', one, 'app.example', '/x'],
  ['//x', one, 'app.example', '//x'],
])('%s is read as it stands', (url, origins, host, target) => {
  expect(readQuestion(['GET', url], origins)).toEqual({ method: 'GET', host, target })
})

test.each([
  ['get', '/', one, 'METHOD is in upper case, such as GET, and not "get"'],
  ['GET', 'app.example/x', one, '"app.example/x" is no URL of http or https'],
  ['GET', 'ftp://app.example/x', one, 'is no URL of http or https'],
  ['GET', 'https://me@app.example/x', one, 'is no URL of http or https'],
  ['GET', 'https:///x', one, 'is no URL of http or https'],
  ['GET', '/x', [], 'there is not one frontend alone: give the whole URL'],
  ['GET', '/x', [...one, 'https://b.example'], 'there is not one frontend alone'],
])('%s %s is told what is wrong with it', (method, url, origins, problem) => {
  expect(() => readQuestion([method, url], origins)).toThrow(problem)
})
