import type { Price } from './api.ts'

export function formatPrice({ amount, currency }: Price): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount / 100)
}

/** `Nov 23, 3:04 PM`. */
export function formatTime(iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(time)
}

/** `59:07`, with hours once there are any. */
export function formatCountdown(totalSeconds: number): string {
  const seconds = Math.max(0, Math.ceil(totalSeconds))
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => `${part}`)
  const hours = Math.floor(seconds / 3600)
  const [minutes = '0', rest = '0'] = parts
  if (hours === 0) return `${minutes}:${rest.padStart(2, '0')}`
  return `${hours}:${minutes.padStart(2, '0')}:${rest.padStart(2, '0')}`
}
