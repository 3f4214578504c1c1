import { bffJsonSchema, trustedProxiesJsonSchema } from '@sallyport/bff'
import * as z from 'zod'
import { bffOptions, gatewaySchema, trustedProxiesOptions } from '../options.ts'
import { reference } from './references.ts'

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * JSON Schema of a configuration file, so that editors complete names and see mistakes. Made from
 * what checks the file at the start, which is stricter: what this refuses, that refuses too.
 *
 * @see {@link https://json-schema.org/draft/2020-12 JSON Schema 2020-12}
 */
export function configurationJsonSchema(): JsonSchema {
  const whole = z.toJSONSchema(gatewaySchema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === bffOptions) Object.assign(jsonSchema, bffJsonSchema())
      if (zodSchema === trustedProxiesOptions) {
        Object.assign(jsonSchema, trustedProxiesJsonSchema())
      }
    },
  }) as JsonSchema
  const { properties, ...rest } = withReferences(whole)
  return {
    ...rest,
    title: 'The configuration of a Sallyport gateway',
    properties: { $schema: { type: 'string' }, ...(properties as object) },
    $defs: { reference: referenceSchema() },
  }
}

function referenceSchema(): JsonSchema {
  const { properties = {} } = z.toJSONSchema(reference, { io: 'input' })
  const { $file, $env, $parse } = properties
  const one = { type: 'object', additionalProperties: false }
  return {
    oneOf: [
      { ...one, properties: { $file, $parse }, required: ['$file'] },
      { ...one, properties: { $env, $parse }, required: ['$env'] },
    ],
  }
}

/** Lets a reference stand for each member and entry. */
function withReferences(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, withReferencesIn(keyword, value)]),
  )
}

function withReferencesIn(keyword: string, value: unknown): unknown {
  if (keyword === 'properties') {
    return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, orReference(v)]))
  }
  const isSchema = typeof value === 'object' && value !== null
  if (keyword === 'items') return orReference(value as JsonSchema)
  if (keyword === 'additionalProperties' && isSchema) return orReference(value as JsonSchema)
  if (keyword === 'anyOf' || keyword === 'oneOf') return (value as JsonSchema[]).map(withReferences)
  return value
}

function orReference(schema: JsonSchema): JsonSchema {
  const { default: fallback, ...rest } = withReferences(schema)
  const either = { anyOf: [rest, { $ref: '#/$defs/reference' }] }
  return fallback === undefined ? either : { ...either, default: fallback }
}
