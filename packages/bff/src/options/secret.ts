export { secret } from '@sallyport/core/options'
