/** An amount in the currency's smallest unit: cents. */
export interface Price {
  readonly amount: number
  /** ISO 4217. */
  readonly currency: string
}

/** A product and how many of it are left. */
export interface Item {
  readonly sku: string
  readonly name: string
  readonly price: Price
  readonly stock: number
}

const rows = [
  ['LAMP-01', 'Desk lamp, brass', 7900, 24],
  ['CHAIR-02', 'Reading chair, oak', 34_900, 6],
  ['MUG-03', 'Stoneware mug', 1450, 120],
  ['BOOK-04', 'Notebook, dotted, A5', 1290, 80],
  ['PEN-05', 'Fountain pen, fine nib', 5600, 15],
  ['CLOCK-06', 'Wall clock, quiet', 4200, 9],
  ['RUG-07', 'Wool rug, 120 x 180 cm', 21_900, 3],
  ['PRINT-08', 'Print of the city gate, signed', 8800, 1],
] as const

/** What the shelves hold when the demo first starts. */
export const firstStock: readonly Item[] = rows.map(([sku, name, amount, stock]) => ({
  sku,
  name,
  price: { amount, currency: 'EUR' },
  stock,
}))
