import type { Kernel } from '../kernel';
import { row } from './row';

/** `include/trace/events/irq.h` */
export function irqRows(k: Kernel) {
  const softirq = (name: string) =>
    row(
      'irq',
      name,
      (vec: number) => [vec],
      (vec) => ({ vec }),
    );
  return {
    softirqRaise: softirq('softirq_raise'),
    softirqEntry: softirq('softirq_entry'),
    softirqExit: softirq('softirq_exit'),
    irqHandlerEntry: row(
      'irq',
      'irq_handler_entry',
      (irq: number, _name: string) => [irq, k.ptr(k.transient.take())],
      (irq, name) => ({ irq, name }),
    ),
    irqHandlerExit: row(
      'irq',
      'irq_handler_exit',
      (irq: number, ret: number) => [irq, k.ptr(k.transient.take()), ret],
      (irq, ret) => ({ irq, ret }),
    ),
  };
}
