import type { Page } from 'playwright-core'

/** What is wrong with how a page is built or laid out; nothing, if all is well. */
export function findLayoutFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth > width) faults.push('the page scrolls sideways')
    for (const element of document.body.querySelectorAll('*')) {
      const { right, left, width: own } = element.getBoundingClientRect()
      const isShown = own > 1 && element.checkVisibility({ visibilityProperty: true })
      if (!isShown || element.closest('svg') || isClipped(element)) continue
      if (right > width + 1 || left < -1) faults.push(`sticks out: ${describe(element)}`)
    }

    const levels = [...document.querySelectorAll('h1, h2, h3, h4')]
      .filter((heading) => heading.checkVisibility())
      .map((heading) => Number(heading.tagName[1]))
    if (levels.filter((level) => level === 1).length !== 1) faults.push(`headings: ${levels}`)
    for (const [index, level] of levels.entries()) {
      if (level - (levels[index - 1] ?? 0) > 1)
        faults.push(`a heading's level is left out: ${levels}`)
    }
    if (document.querySelectorAll('main').length !== 1) faults.push('not one main part')
    if (!document.documentElement.lang) faults.push('no language')
    if (!document.title) faults.push('no title')

    for (const field of document.querySelectorAll<HTMLInputElement>(
      'input:not([type=hidden]), select, textarea',
    )) {
      if (!field.labels?.length) faults.push(`no label: ${describe(field)}`)
    }
    for (const control of document.querySelectorAll<HTMLElement>('button, a[href]')) {
      const name = control.getAttribute('aria-label') ?? control.textContent
      if (!name?.trim()) faults.push(`no name: ${describe(control)}`)
    }
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice: #${id}`)
    return faults

    /** Whether it is inside of something that scrolls or hides what does not fit. */
    function isClipped(element: Element): boolean {
      for (let outer = element.parentElement; outer; outer = outer.parentElement) {
        if (outer === document.body) return false
        if (getComputedStyle(outer).overflowX !== 'visible') return true
      }
      return false
    }

    function describe(element: Element): string {
      return element.outerHTML.slice(0, 120)
    }
  })
}

/** The names of what has the focus, and of what the Tab key comes to from there to the end. */
export async function tabThrough(page: Page): Promise<string[]> {
  const names: string[] = []
  for (let presses = 0; presses < 50; presses++) {
    const name = await page.evaluate(nameFocus)
    if (name !== undefined) names.push(name)
    else if (presses > 0) break
    await page.keyboard.press('Tab')
  }
  return names
}

/** Runs in the page. */
function nameFocus(): string | undefined {
  const element = document.activeElement
  if (!element || element === document.body) return undefined
  const [label] = (element as HTMLInputElement).labels ?? []
  const name = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent
  const { outlineStyle, boxShadow } = getComputedStyle(element)
  const isSeen = outlineStyle !== 'none' || boxShadow !== 'none'
  return `${name?.trim()}${isSeen ? '' : ' (focus is not seen)'}`
}
