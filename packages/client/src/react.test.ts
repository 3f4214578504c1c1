import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { useSession } from './react.ts'

const client = createClient()

function View() {
  return createElement('p', null, useSession(client).status)
}

test('renders on a server, where no page and no session is', () => {
  expect(renderToString(createElement(View))).toBe('<p>loading</p>')
})
