import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  root: `${import.meta.dirname}/web`,
  plugins: [react()],
  // The workspace's packages as they are in this checkout, not what was built of them.
  resolve: { conditions: ['sallyport-source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // The gateway's policy allows no inlined script or font, and images only as files or data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
