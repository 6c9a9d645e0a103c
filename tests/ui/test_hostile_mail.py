"""A hostile mail runs no script, opens no connection, and moves nothing of the page."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# {u} is an address of the counting listener; RAN in the console means that a script ran.
HOSTILE = """<!doctype html><html><head>
<base href="{u}/base/">
<meta http-equiv="refresh" content="0;url={u}/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="{u}/link.css"><link rel="preload" as="image" href="{u}/preload.png">
<link rel="prefetch" href="{u}/prefetch"><link rel="preconnect" href="{u}"><link rel="dns-prefetch" href="{u}">
<link rel="prerender" href="{u}/prerender"><link rel="modulepreload" href="{u}/module.js">
<link rel="icon" href="{u}/icon.png"><link rel="manifest" href="{u}/manifest.json">
<script>console.log('RAN inline')</script><script src="{u}/script.js"></script><script type="module" src="{u}/m.js"></script>
<script type="speculationrules">{{"prefetch":[{{"source":"list","urls":["{u}/speculated"]}}]}}</script>
<style>@import url("{u}/import.css"); @font-face {{ font-family: f; src: url("{u}/font.woff2") }}
p {{ font-family: f; background: url("{u}/css.png"); cursor: url("{u}/cursor.png"), auto; list-style-image: url({u}/list.png) }}
p::before {{ content: url("{u}/content.png") }} @media all {{ div {{ background-image: image-set("{u}/set.png" 1x) }} }}
</style></head>
<body onload="console.log('RAN onload')" background="{u}/body.png">
<p id="shown">shown</p>
<img src="{u}/img.png" onerror="console.log('RAN onerror')"><img srcset="{u}/srcset.png 1x"><img src="//127.0.0.1:{port}/relative.png">
<img lowsrc="{u}/lowsrc.png" dynsrc="{u}/dynsrc.avi"><img src=x onerror=console.log('RAN-onerror')>
<picture><source srcset="{u}/picture.png"><img src="{u}/fallback.png" loading="eager"></picture>
<iframe src="{u}/iframe"></iframe><iframe srcdoc="<script>console.log('RAN srcdoc')</script><img src='{u}/srcdoc.png'>"></iframe>
<iframe src="javascript:console.log('RAN javascript')"></iframe><frameset><frame src="{u}/frame"></frameset>
<object data="{u}/object"></object><object data="{u}/o.swf" type="application/x-shockwave-flash"><param name=movie value="{u}/p"></object>
<embed src="{u}/embed"><applet code="{u}/applet"></applet><portal src="{u}/portal"></portal>
<fencedframe src="{u}/fenced"></fencedframe>
<video src="{u}/video.mp4" poster="{u}/poster.png" autoplay></video><audio src="{u}/audio.mp3" autoplay></audio>
<video autoplay><source src="{u}/source.mp4"><track default src="{u}/track.vtt"></video>
<form action="{u}/form" id="f"><input name="a" autofocus onfocus="console.log('RAN onfocus')">
<button formaction="{u}/formaction">go</button></form>
<input type="image" src="{u}/input.png">
<svg width=10 height=10 onload="console.log('RAN svg')"><script>console.log('RAN svg script')</script>
<image href="{u}/svg.png"/><image xlink:href="{u}/xlink.png"/><use href="{u}/use.svg#a"/><feImage href="{u}/fe.png"/>
<a href="javascript:console.log('RAN svg link')"><text>t</text></a>
<animate attributeName="href" values="javascript:1" onbegin="console.log('RAN begin')"/>
<foreignObject><iframe src="{u}/foreign"></iframe></foreignObject><style>svg {{ background: url({u}/svgcss.png) }}</style></svg>
<noscript><p title="</noscript><img src={u}/noscript.png onerror=console.log('RAN')>"></noscript>
<xmp><p title="</xmp><img src={u}/xmp.png onerror=console.log('RAN')>"></xmp>
<listing>&lt;img src={u}/listing.png onerror=console.log('RAN')&gt;</listing>
<template shadowrootmode="open"><img src="{u}/shadow.png" onerror="console.log('RAN')"></template>
<textarea><img title="</textarea><img src={u}/textarea.png onerror=console.log('RAN')>"></textarea>
<details open ontoggle="console.log('RAN toggle')"><summary>s</summary></details>
<marquee onstart="console.log('RAN marquee')">m</marquee>
<a id="link" href="{u}/link" ping="{u}/ping" target="_self">link</a><a href="javascript:console.log('RAN')">js</a>
<a href="{u}/download" download>d</a>
<table background="{u}/table.png"><td background="{u}/td.png">t</td></table><body background="{u}/second.png">
<div style="background:url({u}/style.png)" onmouseover="console.log('RAN over')">styled</div>
<div style="background:u\\72l({u}/escaped.png)">escaped</div>
<style>@im\\port url({u}/escaped.css);</style>
<bgsound src="{u}/bgsound.wav"><command icon="{u}/command.png"><keygen autofocus onfocus="console.log('RAN keygen')">
<!--[if gte mso 9]><img src="{u}/mso.png"><![endif]--><![CDATA[<img src={u}/cdata.png>]]>
<math><mtext><mglyph><style><!--</style>
<img title="--&gt;&lt;img src={u}/mglyph.png onerror=console.log('RAN')&gt;"></mglyph></mtext></math></body></html>"""


def test_hostile_mail_runs_nothing_and_connects_to_nothing(look, served, mail, listener):
    html = HOSTILE.format(u=f"http://127.0.0.1:{listener.port}", port=listener.port)
    hostile = served.send(mail("hostile <img src=x onerror=console.log('RAN')>", html=html))
    control = served.send(mail("control", html=f'<img src="http://127.0.0.1:{listener.port}/control.png"><p>c</p>'))
    page = look.at()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append("RAN dialog"))
    page.get_by_role("option").filter(has_text="hostile").click()
    mail_frame = page.frame_locator("#mail-frame")
    expect(mail_frame.locator("#shown")).to_have_text("shown")
    expect(page.get_by_text("remote items blocked")).to_be_visible()
    mail_frame.get_by_text("styled").hover()
    page.wait_for_load_state("networkidle")
    for tab in ("Source", "Text", "Headers", "Raw", "Structure", "Attachments", "HTML"):
        page.get_by_role("tab", name=tab).click()
    expect(mail_frame.locator("#shown")).to_be_visible()
    assert page.url == f"{served.url}m/{hostile}"
    assert listener.seen == []
    # The control proves that the listener is reachable, and that what came before it did not come late.
    page.goto(f"{served.url}m/{control}?remote=1")
    listener.wait_for("/control.png")
    assert {asked for asked in listener.seen if asked} == {"GET /control.png HTTP/1.1"}
    assert [text for text in said if text.startswith("RAN")] == []


def test_frame_of_a_mail_has_an_opaque_origin_and_no_scripts(look, served, mail):
    page = look.at(f"m/{served.send(mail('x', html='<p>x</p>'))}")
    expect(page.frame_locator("#mail-frame").locator("p")).to_have_text("x")
    answer = page.request.get(page.locator("#mail-frame").get_attribute("src"))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_link_opens_elsewhere_without_opener_or_referrer(look, served, mail, listener):
    html = f'<a id="link" href="http://127.0.0.1:{listener.port}/landing" target="_self">go</a>'
    page = look.at(f"m/{served.send(mail('Link', html=html))}")
    with page.expect_popup() as popup:
        page.frame_locator("#mail-frame").locator("#link").click()
    listener.wait_for("/landing")
    assert popup.value.evaluate("opener") is None
    assert popup.value.evaluate("document.referrer") == ""
    assert page.url.startswith(f"{served.url}m/")


def test_page_allows_no_inline_script_or_style(look, served):
    page = look.at()
    policy = page.request.get(served.url).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert page.evaluate("document.querySelectorAll('[style*=expression], script:not([src])').length") == 0
