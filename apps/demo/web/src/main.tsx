import '@fontsource-variable/inter/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/blocks.css'
import './styles/shell.css'
import './styles/notice.css'
import './styles/landing.css'
import './styles/diagram.css'
import './styles/order-list.css'
import './styles/orders.css'
import './styles/security.css'
import './styles/motion.css'
import { createClient } from '@sallyport/client'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { ClientContext } from './client-context.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <ClientContext value={createClient()}>
      <App />
    </ClientContext>
  </StrictMode>,
)
