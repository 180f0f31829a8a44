/**
 * -ln of the softmax's probability of one class or token: ln Σ_j e^{z_j} - z_k. In nats; finite where the logits are, however far they lie apart.
 */
export function surprisalOf(logits: ArrayLike<number>, k: number): number {
  let most = -Infinity;
  for (let j = 0; j < logits.length; j++) if (logits[j] > most) most = logits[j];
  let sum = 0;
  for (let j = 0; j < logits.length; j++) sum += Math.exp(logits[j] - most);
  return Math.max(0, most + Math.log(sum) - logits[k]);
}
