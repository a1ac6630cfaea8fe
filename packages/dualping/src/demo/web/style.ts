/**
 * The style of the live page, light and dark, from a telephone to a projector. Sizes grow with the width.
 */
import { PALETTE, PLOT } from '../page/style.js';

export const LIVE_STYLE = `
${PALETTE}${PLOT}*{box-sizing:border-box}
html{font-size:clamp(14.5px,8px + .62vw,26px)}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);font:1rem/1.45 ui-sans-serif,system-ui,-apple-system,"Segoe UI","Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
p,dl,dd,h2,h3,ol{margin:0}
.good{color:var(--good)}.warning{color:var(--warn)}.problem,.bad{color:var(--bad)}.dim,.quiet{color:var(--soft)}
#top{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem 1.4rem;padding:.9rem 1.5rem .8rem;border-bottom:1px solid var(--line);background:var(--card)}
.mark{font-weight:680;letter-spacing:-.02em;font-size:1.2rem}.now{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem 1.2rem;flex:1;font-size:1.2rem}
.health{font-weight:640}.fact{color:var(--soft)}.automatic{color:var(--warn);font-weight:640}#top time{font-size:1.2rem;color:var(--soft)}
#end:empty,#notice:empty,#refusal:empty,.away{display:none}#end,.is-away .away{display:block;padding:.8rem 1.5rem;font-weight:640;font-size:1.15rem;background:var(--serves);color:var(--serves-ink)}
.is-away .away{background:var(--nobody);color:var(--nobody-ink)}
main{flex:1;width:100%;max-width:120rem;margin:0 auto;padding:1rem 1.5rem;display:grid;gap:1rem;grid-template-columns:minmax(0,1.55fr) minmax(0,1fr);grid-template-rows:auto auto 1fr}
#counts,#members{grid-column:1/-1}
#counts{display:grid;grid-template-columns:repeat(3,1.15fr) repeat(4,1fr);gap:1px;background:var(--line);border:1px solid var(--line);border-radius:.9rem;overflow:hidden}
#counts div{background:var(--card);padding:.55rem 1rem .6rem}#counts dt{font-size:.85rem;color:var(--soft)}#counts dd{font-size:1.5rem;line-height:1.15;letter-spacing:-.02em;font-weight:600}
#counts .good{background:color-mix(in srgb,var(--serves) 55%,var(--card))}#counts .good dd{color:var(--good)}#counts .good dd,#counts .bad dd{font-weight:700}#counts .bad{background:var(--bad)}#counts .bad dt,#counts .bad dd{color:var(--card)}
#members{display:grid;grid-template-columns:repeat(auto-fit,minmax(15.5rem,1fr));gap:.9rem}
.card{display:flex;flex-direction:column;gap:.5rem;background:var(--card);border:1px solid var(--line);border-radius:.9rem;box-shadow:var(--shadow);padding:.65rem 1rem .8rem;transition:border-color .25s,background-color .25s}
.card.primary{border-color:var(--good);background:color-mix(in srgb,var(--serves) 55%,var(--card))}
.card.selected{outline:2px solid var(--soft);outline-offset:1px}
.card header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .7rem}.card h3{font-size:1.45rem;line-height:1.2;font-weight:660;letter-spacing:-.02em}
.role{color:var(--soft)}.role .title{color:var(--good);font-weight:700;letter-spacing:.03em}.state{margin-left:auto;font-weight:640}
.trace svg{height:2rem}.beat{fill:var(--soft)}.beat.good{fill:var(--good)}.beat.warning{fill:var(--detect)}.beat.dim{fill:var(--faint)}
.card dl{display:grid;grid-template-columns:1.4fr .7fr 1fr 1.1fr auto;gap:0 .25rem}.card dl div:last-child{grid-column:5}.card dt{font-size:.78rem;color:var(--soft)}.card dd{font-weight:600;white-space:nowrap}
.note{color:var(--soft);font-size:.85rem;line-height:1.3;min-height:2rem}
.acts{display:none;grid-template-columns:1fr 1fr;gap:.35rem;margin-top:auto}.has-control .acts{display:grid}
button{font:inherit;font-weight:560;color:var(--ink);background:var(--card);border:1px solid var(--faint);border-radius:.55rem;padding:.2rem .65rem;min-height:2.05rem;cursor:pointer;display:inline-flex;align-items:center;gap:.5em;white-space:nowrap}
button:hover{border-color:var(--ink);background:var(--paper)}button:active{transform:translateY(1px)}
:focus-visible{outline:3px solid var(--reconnect);outline-offset:2px}
kbd{font:600 .85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;min-width:1.5em;text-align:center;padding:.05em .35em;border-radius:.3em;background:var(--line);color:var(--ink)}
.panel{background:var(--card);border:1px solid var(--line);border-radius:.9rem;box-shadow:var(--shadow);padding:.8rem 1.1rem .9rem;min-width:0}
h2{font-size:1.1rem;font-weight:660;letter-spacing:-.01em}h2 .quiet{font-weight:400;margin-left:.9rem;font-size:1rem}
@media (min-width:761px){#takeovers,#takeovers .wide{display:flex;flex-direction:column;flex:1}#takeovers .wide svg{flex:1 1 15rem;height:15rem}}
#takeovers .value{paint-order:stroke;stroke:var(--card);stroke-width:4px}
#takeovers .bar rect{transition:x .3s,y .3s,height .3s}
.beside{display:flex;flex-direction:column;gap:1rem;min-width:0}
.story{font-size:1.3rem;font-weight:560;letter-spacing:-.01em}
.strip svg{height:1.6rem;margin:.35rem 0 .4rem;border-radius:.35rem}.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.4rem;color:var(--soft)}.legend b{color:var(--ink);font-weight:640}.swatch{width:.75em;height:.75em}.on-it{color:var(--soft)}
.events{display:flex;flex-direction:column;flex:1 1 7.6rem;min-height:7.6rem}#events{list-style:none;padding:.2rem 0 0;flex:1 1 0;height:0;overflow-y:auto;scrollbar-width:thin}
#events li{font-size:.92rem;display:grid;grid-template-columns:auto 1.1em 1fr;gap:.5em;padding:.16rem 0;overflow-wrap:anywhere}#events time{color:var(--soft)}.sign{text-align:center;font-weight:700}
body>footer{display:flex;flex-wrap:wrap;align-items:center;gap:.6rem 1rem;padding:.7rem 1.5rem .8rem;border-top:1px solid var(--line);background:var(--card);position:sticky;bottom:0}
#actions{display:none;gap:.6rem;flex-wrap:wrap}.has-control #actions{display:flex}.has-control .watching,dialog .act{display:none}.has-control dialog .act{display:grid}.has-control dialog .columns{display:grid;grid-template-columns:1fr 1fr;gap:0 2.5rem}.has-control dialog{max-width:min(66rem,calc(100vw - 2rem))}.watching{color:var(--soft)}.help{margin-left:auto}
#actions button:first-child{background:var(--ink);color:var(--paper);border-color:var(--ink)}#actions button:first-child kbd{background:color-mix(in srgb,var(--paper) 22%,var(--ink));color:var(--paper)}
.is-over button[data-press]{display:none}
.notices{position:fixed;left:50%;bottom:4.6rem;transform:translateX(-50%);max-width:min(46rem,calc(100vw - 2rem));width:max-content;display:grid;gap:.5rem;pointer-events:none}.notices>div{padding:.7rem 1.2rem;border-radius:.8rem;background:var(--ink);color:var(--paper);font-weight:560;box-shadow:0 6px 30px #0005}#notice p,#refusal p{color:inherit}.notices .problem::before{content:"✗ "}
dialog{max-width:min(44rem,calc(100vw - 2rem));border:1px solid var(--line);border-radius:1rem;background:var(--card);color:var(--ink);padding:1.3rem 1.5rem}dialog::backdrop{background:#0008}dialog h2{margin:.4rem 0 .3rem;font-size:1.25rem}
dialog dl{display:grid;align-content:start;grid-template-columns:max-content 1fr;gap:.3rem 1.1rem;margin:.6rem 0 .9rem}dialog dt{font-weight:640}dialog dd{color:var(--soft)}
@media screen and (max-width:760px){main{grid-template-columns:minmax(0,1fr);grid-template-rows:none;padding:.9rem;gap:.9rem}#top,body>footer{padding-left:.9rem;padding-right:.9rem}.mark{display:none}.now{font-size:1rem;gap:0 .7rem}#top{gap:0 .7rem}#top time{font-size:1rem}
#counts{grid-template-columns:repeat(3,1fr)}#counts div{padding:.45rem .7rem}#counts div:last-child{display:none}#counts dt{font-size:.78rem}#counts dd{font-size:1.2rem}#counts .good dd,#counts .bad dd{font-size:1.6rem}
#members{grid-template-columns:minmax(0,1fr)}h2 .quiet{display:block;margin:0}.has-control dialog .columns{display:block}.events{flex:none}#events{height:20rem;flex:none}.watching{flex:1 1 10rem}button{min-height:2.75rem}button kbd{display:none}.help::before{content:"?";font-weight:700;font-size:1.1rem}.help{font-size:0;padding:.2rem 1rem}#actions{gap:.4rem}body>footer{flex-wrap:nowrap}.acts{grid-template-columns:repeat(2,1fr)}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation:none!important}}
`;
