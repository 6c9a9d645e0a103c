import base64
import re

import pytest

from mailcatcher.errors import NotFound
from mailcatcher.mail.document import DocumentTooLarge, isolated
from mailcatcher.mail.message import parse
from mailcatcher.mail.values import Remote

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()


def related(source: str, *parts: tuple[str, bytes]):
    """A mail of HTML and parts, each with its header lines (separated by LF)."""
    raw = b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + source.encode()
    for header, content in parts:
        raw += b"\r\n--b\r\n" + header.replace("\n", "\r\n").encode()
        raw += b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    return parse(raw + b"\r\n--b--\r\n")


@pytest.fixture
def shown():
    """The body of the isolated document of HTML."""

    def of(source: str, *parts: tuple[str, bytes]) -> str:
        document = isolated(related(source, *parts)).html
        return document.partition("<body>")[2].rpartition("</body>")[0]

    return of


def test_hostile_mail_keeps_nothing_that_runs_or_connects(corpus):
    html = isolated(corpus("hostile-html")).html
    outside_raw_text = re.sub(r"<(style|xmp|plaintext)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    outside_quotes = re.sub(r'"[^"]*"', '""', outside_raw_text)
    for tag in ("script", "iframe", "object", "embed", "template", "noscript", "animate"):
        assert f"<{tag}" not in outside_quotes, tag
    for text in ("javascript:", "srcdoc", "onload", "onclick", 'onerror="', "formaction", "autofocus", "refresh", "unsafe-url", "preload"):
        assert text not in outside_raw_text, text
    assert html.count("<base") == 1
    assert html.count("<link") == 0
    assert html.count("http-equiv") == 1


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("<script>x</script>a", "a"),
        ("<iframe src=//x></iframe><frame><embed src=x><object><p>in</p></object>a", "a"),
        ("<applet></applet><portal></portal><fencedframe></fencedframe>a", "a"),
        ("<template><p>t</p></template>a", "a"),
        ("<p><template shadowrootmode=open><iframe></iframe></template>a</p>", "<p>a</p>"),
        ("<p onclick=a ONLOAD=b onfoo=c class=d>a</p>", '<p class="d">a</p>'),
        ("<noscript><b>a</b></noscript>", "<b>a</b>"),
        ("<noscript></noscript>a", "a"),
        ('<noscript><p title="</noscript><img src=x>"></noscript>', '<p title="&lt;/noscript&gt;&lt;img src=x&gt;"></p>'),
        ("<button formaction=//x autofocus>a</button>", "<button>a</button>"),
        ("<form action=javascript:x><input></form>", "<form><input></form>"),
        ("<img referrerpolicy=unsafe-url attributionsrc=//x alt=a>", '<img alt="a">'),
        ("<svg><set attributeName=href to=javascript:x></set><set attributeName=x to=1></set></svg>",
         '<svg><set attributeName="x" to="1"></set></svg>'),
        ("<svg><script>x</script><use href=//x/y#z></use><use xlink:href=#ok></use></svg>",
         '<svg><use></use><use xlink:href="#ok"></use></svg>'),
        ("<table bgcolor=red><tbody><tr><td background=a.png>x</td></tr></tbody></table>",
         '<table bgcolor="red"><tbody><tr><td background="a.png">x</td></tr></tbody></table>'),
        ("<!--[if mso]><table><![endif]-->a<!--[if !mso]><!-->b<!--<![endif]-->",
         "<!--[if mso]><table><![endif]-->a<!--[if !mso]><!-->b<!--<![endif]-->"),
        ("<plaintext><b>a", "<pre>&lt;b&gt;a</pre>"),
        ("<pre>\n\n\na</pre><pre>\nb</pre>", "<pre>\n\n\na</pre><pre>b</pre>"),
        ("<style>p{color:red}</style><p style='color:blue'>a</p>", '<style>p{color:red}</style><p style="color:blue">a</p>'),
    ],
)  # fmt: skip
def test_body_is_rewritten(shown, source, result):
    assert shown(f"<body>{source}") == result


LINK = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('<a href="https://x.org/">a</a>', f'<a href="https://x.org/" {LINK}>a</a>'),
        ('<a href="https://x.org/" target=_self rel=opener ping=//y>a</a>', f'<a href="https://x.org/" {LINK}>a</a>'),
        ('<a href="mailto:a@b">a</a>', f'<a href="mailto:a@b" {LINK}>a</a>'),
        ("<a href=javascript:alert(1)>a</a>", f"<a {LINK}>a</a>"),
        ("<a href=' \x01JaVa\n\tScript:alert(1)'>a</a>", f"<a {LINK}>a</a>"),
        ("<a href='java&#10;script&colon;alert(1)'>a</a>", f"<a {LINK}>a</a>"),
        ("<a href=vbscript:x>a</a>", f"<a {LINK}>a</a>"),
        ("<a href='data:text/html,<b>'>a</a>", f"<a {LINK}>a</a>"),
        ("<a href='blob:x'>a</a>", f"<a {LINK}>a</a>"),
        ("<map><area href=javascript:x></map>", f"<map><area {LINK}></map>"),
        ("<svg><a xlink:href=javascript:x>a</a></svg>", f"<svg><a {LINK}>a</a></svg>"),
    ],
)
def test_links_open_elsewhere_and_never_run(shown, source, result):
    assert shown(f"<body>{source}") == result


def test_head_keeps_styles_only():
    html = isolated(
        related(
            "<!doctype html><head><base href=//x><meta http-equiv=refresh content=0><meta charset=utf-8><meta name=viewport content=x>"
            "<meta name=referrer content=always><link rel=icon href=x><link rel='preload stylesheet' href=a.css>"
            "<style>a{}</style><title>t</title>"
        )
    ).html
    head = html.partition("<head>")[2].partition("</head>")[0]
    assert re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", head) == (
        '<base target="_blank"><meta charset="utf-8"><meta name="viewport" content="x"><link rel="stylesheet" href="a.css">'
        "<style>a{}</style><title>t</title>"
    )


@pytest.mark.parametrize(
    "doctype",
    ["", "<!doctype html>", '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'],
)  # fmt: skip
def test_doctype_stays_since_it_decides_the_mode(doctype):
    assert isolated(related(f"{doctype}<p>a")).html.startswith(f"{doctype}<html>")


def test_document_has_a_policy_of_its_own():
    assert "img-src data:;" in isolated(related("a")).html
    assert "img-src data: http: https:;" in isolated(related("a"), remote=True).html


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("<img src=cid:a@b>", f'<img src="{DATA}">'),
        ("<img src='CID:a%40b'>", f'<img src="{DATA}">'),
        ("<img src=' cid:a@b '>", f'<img src="{DATA}">'),
        ("<img srcset='cid:a@b 1x, cid:a@b 2x'>", f'<img srcset="{DATA} 1x, {DATA} 2x">'),
        ("<td background=cid:a@b>x</td>", "x"),
        ("<p background=cid:a@b>x</p>", f'<p background="{DATA}">x</p>'),
        ("<video poster=cid:a@b></video>", f'<video poster="{DATA}"></video>'),
        ("<p style='background:url(cid:a@b)'>x</p>", f'<p style="background:url(&quot;{DATA}&quot;)">x</p>'),
        ("<style>p{background:url( 'cid:a@b' )}</style>", f'<style>p{{background:url("{DATA}")}}</style>'),
        ("<svg><image xlink:href=cid:a@b /></svg>", f'<svg><image xlink:href="{DATA}"></image></svg>'),
        ("<img src=images/a.png>", f'<img src="{DATA}">'),
        ("<img src=cid:a>", '<img src="cid:a">'),
        ("<img src=cid:a.b>", '<img src="cid:a.b">'),
        ("<img src=a.png>", '<img src="a.png">'),
    ],
)
def test_parts_become_data_by_exact_lookup(shown, source, result):
    part = ("Content-Type: image/png\nContent-ID: <a@b>\nContent-Location: images/a.png", PNG)
    assert shown(f"<body>{source}", part) == result


@pytest.mark.parametrize("cid", ["logo=1@x", "a.*b(c)[d]", "../../etc/passwd", "a/b", "%2e%2e", "x" * 4_000])
def test_any_content_id_is_found(shown, cid):
    assert shown(f'<body><img src="cid:{cid}">', (f"Content-Type: image/png\nContent-ID: <{cid}>", PNG)) == f'<img src="{DATA}">'


def test_type_of_an_image_comes_from_its_bytes(shown):
    assert DATA in shown("<body><img src=cid:a>", ("Content-Type: application/octet-stream; name=a\nContent-ID: <a>", PNG))
    page = ("Content-Type: text/html; name=a\nContent-ID: <a>\nContent-Disposition: attachment", b"<p>")
    assert "data:application/octet-stream;" in shown("<body><img src=cid:a>", page)


def test_large_part_is_replaced_by_a_link(shown):
    large = ("Content-Type: image/png; name=big.png\nContent-ID: <a>", bytes(6_000_000))
    assert shown("<body><img src=cid:a alt=x>", large) == (
        f'<a href="parts/2" {LINK}>big.png (7.7 MB) is too large to be shown here</a><img alt="x">'
    )
    assert "<span" in shown("<body><a href=//x><img src=cid:a></a>", large)


def test_parts_have_a_total_limit():
    html = isolated(related("<img src=cid:a>" * 40, ("Content-Type: image/png\nContent-ID: <a>", bytes(900_000)))).html
    assert 10 < html.count("base64,") < 20
    assert "too large" in html


def test_remote_content_is_recorded_once_by_kind():
    document = isolated(
        related(
            "<link rel=stylesheet href=//x/1.css><style>@import 'http://x/2.css'; @import url(http://x/3.css); p{background:u\\72l(http://x/4.png)}"
            "@font-face{src:url('http://x/5.woff'),url(data:x)} /* url(http://no/) */ q{content:'http://no/'}"
            "i{background:image-set('http://x/6.png' 1x)}</style>"
            "<body background=http://x/7.png style=\"background:url('http://x/8.png')\">"
            "<img src=HTTP://x/9.png srcset='http://x/10.png 2x,//x/11.png'>"
            "<img src=http://x/7.png><video src=http://x/12.mp4 poster=http://x/13.png></video><audio><source src=http://x/14.mp3></audio>"
            "<picture><source src=http://x/15.png srcset=http://x/16.png></picture><input type=image src=http://x/17.png>"
            "<svg><image href=http://x/18.png /><use href=http://x/19.svg#a /><rect fill='url(http://x/20.svg#a)'/></svg>"
            "<a href=http://no/>a</a><form action=http://no/></form><img src=/rel.png><img src=cid:none><iframe src=http://no/></iframe>"
        )
    )
    kinds = {"stylesheet": (1, 2, 3), "font": (5,), "media": (12, 14), "other": (19,)}
    expected = {number: kind for kind, numbers in kinds.items() for number in numbers}
    found = {int(re.search(r"/(\d+)", remote.url)[1]): remote.kind for remote in document.remote}
    assert found == {number: expected.get(number, "image") for number in range(1, 21)}
    assert len(document.remote) == 20
    assert document.remote[0] == Remote("//x/1.css", "stylesheet")


@pytest.mark.parametrize(
    "trick",
    [
        "<xmp><iframe src=//x></iframe></xmp>",
        "<listing><iframe src=//x></iframe></listing>",
        "<plaintext><iframe src=//x>",
        "<textarea><iframe src=//x></textarea><iframe src=//x>",
        "<title><iframe src=//x></title><iframe src=//x>",
        "<noembed><iframe src=//x></noembed>",
        "<svg><style><iframe src=//x></style></svg>",
        '<svg></p><style><a id="</style><iframe src=//x>">',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;iframe src=//x&gt;">',
        "<math><annotation-xml encoding=text/html><iframe src=//x></iframe></annotation-xml></math>",
        "<form><math><mtext></form><form><mglyph><style></math><iframe src=//x>",
        "<svg><foreignObject><iframe src=//x></iframe></foreignObject></svg>",
        "<select><iframe src=//x></select><iframe src=//x>",
        "<table><iframe src=//x></iframe><td><iframe src=//x>",
        "<template><template><iframe src=//x></template></template>",
        "<svg><template><iframe src=//x></iframe></template></svg>",
        "<svg><desc><template shadowrootmode=open><iframe src=//x></iframe></template></desc></svg>",
        "<!--><iframe src=//x>-->",
        "<!-- --!><iframe src=//x>",
        "<![CDATA[><iframe src=//x>]]>",
        "<svg><![CDATA[><iframe src=//x>]]></svg>",
        "<?x ><iframe src=//x>?>",
        "<frameset><frame src=//x></frameset>",
        "<iframe/src=//x>",
        "<a href='\"><iframe src=//x>'>",
    ],
)
def test_no_frame_is_left_when_a_browser_reads_the_result(trick):
    """What selectolax sees when it reads the result again is what a browser sees: both follow the HTML standard."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(isolated(related(f"<body>{trick}")).html)
    assert [node.tag for node in tree.root.traverse() if node.tag in ("iframe", "frame", "frameset", "template", "script")] == []


def test_mail_without_html_has_no_document(corpus):
    with pytest.raises(NotFound):
        isolated(corpus("plain"))


def test_html_over_5_mb_is_for_source_only():
    with pytest.raises(DocumentTooLarge, match="5,242,880"):
        isolated(related("x" * 5_300_000))


def test_deeply_nested_html_is_for_source_only():
    with pytest.raises(DocumentTooLarge, match="512"):
        isolated(related("<div>" * 513))
    assert "deep" in isolated(related("<div>" * 500 + "deep")).html


@pytest.mark.parametrize(
    "source", ["<p>x" * 3_000, "<li>x" * 3_000, "<table>" + "<tr><td>x" * 3_000, "<br><hr><img>" * 3_000, "<b>x</b><i>" * 300]
)
def test_usual_sloppy_html_is_not_taken_for_deep(source):
    assert isolated(related(source)).html


def test_sheet_of_a_document_with_parts_keeps_its_attributes(shown):
    part = ("Content-Type: image/png\nContent-ID: <a>", PNG)
    assert shown("<body><style media=print>p{background:url(cid:a)}</style>", part).startswith('<style media="print">')
