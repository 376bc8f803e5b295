"""The catalog's pages and API."""

import io

import pytest
from PIL import Image

from apps.catalog import queries, services
from apps.catalog.models import Category, Item, ItemImage
from apps.events.models import JournalEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def boot(acme, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    shelf = services.save_category(name="Boots")
    return services.create_item(
        by="user:1",
        sku="B-1",
        name="Safety boot",
        category=shelf,
        price="89.00",
        stock=4,
        attributes={"color": "black"},
    )


def picture(size=(2000, 1000), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind)
    out.seek(0)
    out.name = f"a.{kind.lower()}"
    return out


BODY = {
    "name": "Helmet", "description": "Light", "name_ar": "خوذة", "description_ar": "", "sku": "H-1", "kind": "product", "category": "",
    "price": "45.50", "currency": "aed", "stock": "12", "url": "", "attributes": "color: yellow\nsizes: 52, 54",
}  # fmt: skip


def test_an_item_is_added_changed_and_archived_with_undo(acme, alice, bob, client_for):
    client = client_for(bob)
    answer = client.post("/dashboard/catalog/new/", BODY)
    assert answer.status_code == 302, answer.content.decode()
    item = Item.objects.get()
    assert (item.currency, item.texts["ar"]["name"], item.attributes) == (
        "AED",
        "خوذة",
        {"color": "yellow", "sizes": [52, 54]},
    )
    assert "خوذة" in client.get(answer.url).content.decode()
    client.post(answer.url, {**BODY, "price": "40", "stock": ""})
    item.refresh_from_db()
    assert (str(item.price), item.stock) == ("40.00", None)
    assert client.post(f"{answer.url}archive/").status_code == 403, "what is offered at all is a manager's business"
    client = client_for(alice)
    page = client.post(f"{answer.url}archive/", follow=True).content.decode()
    assert f"{answer.url}archive/?restore=1" in page
    assert queries.search("helmet") == []
    client.post(f"{answer.url}archive/?restore=1")
    assert queries.search("helmet") == [item]
    kinds = list(JournalEntry.objects.order_by("id").values_list("type", flat=True))
    assert kinds == ["item.created", "item.stock_changed", "item.changed", "item.archived", "item.restored"]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""}, {"name": "x" * 300}, {"name": "\x00"}, {"sku": "!!"}, {"sku": ""}, {"price": "-1"}, {"price": "NaN"}, {"price": "1e99"},
        {"currency": "€"}, {"currency": "12"}, {"stock": "-3"}, {"stock": "9" * 30}, {"kind": "boat"}, {"category": "99999"},
        {"category": "\x00"}, {"attributes": "no colon here"}, {"url": "javascript:alert(1)"}, {"sku": "B-1"},
    ],
)  # fmt: skip
def test_bad_values_are_explained_beside_their_field(boot, bob, client_for, changed):
    answer = client_for(bob).post("/dashboard/catalog/new/", {**BODY, **changed})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert Item.objects.count() == 1


def test_roles_and_walls(boot, victor, charlie, client_for, api_for):
    viewer, stranger = client_for(victor), client_for(charlie, "globex")
    for page in ["", f"{boot.pk}/"]:
        assert viewer.get(f"/dashboard/catalog/{page}").status_code == 200
    assert viewer.get("/dashboard/catalog/new/").status_code == 403
    assert viewer.post(f"/dashboard/catalog/{boot.pk}/", BODY).status_code == 403
    assert viewer.post(f"/dashboard/catalog/{boot.pk}/archive/").status_code == 403
    for page in [f"{boot.pk}/", f"categories/{boot.category_id}/"]:
        assert stranger.get(f"/dashboard/catalog/{page}").status_code == 404
    assert stranger.post(f"/dashboard/catalog/{boot.pk}/archive/").status_code == 404
    for method, path in [("get", ""), ("patch", ""), ("delete", ""), ("post", "restore/"), ("post", "stock/")]:
        assert (
            getattr(api_for(charlie, "globex"), method)(f"/api/catalog/items/{boot.pk}/{path}", {}).status_code == 404
        )
    assert api_for(victor).post("/api/catalog/items/", {"sku": "x", "name": "y"}).status_code == 403


def test_pictures_are_re_encoded_and_shown(boot, bob, client_for):
    client = client_for(bob)
    client.post(f"/dashboard/catalog/{boot.pk}/images/", {"image-upload": picture(), "image-alt": "A boot"})
    image = ItemImage.objects.get()
    shown = client_for(None).get(image.src)
    assert shown.headers["Content-Type"] == "image/webp"
    with Image.open(io.BytesIO(b"".join(shown.streaming_content))) as kept:
        assert kept.size == (1600, 800)
    assert queries.card(queries.get_item(boot.pk))["image_url"] == image.src
    assert client_for(None, "globex").get(image.src).status_code == 404
    client.post(f"/dashboard/catalog/{boot.pk}/images/{image.pk}/remove/")
    assert not ItemImage.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"\x89PNG\r\n\x1a\n" + b"x" * 100,
        b"GIF89a" + b"\xff" * 50,
        b"x" * (9 * 1024 * 1024),
    ],
)
def test_what_is_no_picture_is_refused(boot, bob, client_for, body):
    upload = io.BytesIO(body)
    upload.name = "a.png"
    answer = client_for(bob).post(f"/dashboard/catalog/{boot.pk}/images/", {"image-upload": upload}, follow=True)
    assert answer.status_code == 200
    assert not ItemImage.objects.exists()


def test_categories(boot, alice, bob, client_for):
    assert client_for(bob).post("/dashboard/catalog/categories/", {"name": "Helmets"}).status_code == 403
    client = client_for(alice)
    assert client.post("/dashboard/catalog/categories/", {"name": "Helmets", "name_ar": "خوذ"}).status_code == 302
    assert client.post("/dashboard/catalog/categories/", {"name": "Helmets"}).status_code == 422
    assert client.post(f"/dashboard/catalog/categories/{boot.category_id}/", {"delete": "1"}).status_code == 302
    boot.refresh_from_db()
    assert boot.category is None
    assert Category.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=" + "z" * 3000,
        "category=%00",
        "category=99999999999999999999",
        "kind=x",
        "stock=x",
        "cursor=%FF",
        "min_price=NaN",
        "min_price=1e999999",
        "q=%27%20%7C%20%26",
        "state=x",
        "limit=x",
        "attributes=%00:%00",
        "attributes=color",
        "attributes=%27%20%26:%5C%27",
        "&".join(f"attributes=a{n}:b" for n in range(100)),
        "attributes=" + "x" * 3000 + ":" + "y" * 3000,
    ],
)
def test_strange_addresses(boot, bob, client_for, api_for, query):
    assert client_for(bob).get(f"/dashboard/catalog/?{query}").status_code == 200
    assert api_for(bob).get(f"/api/catalog/items/?{query}").status_code in (200, 404)


def test_the_list_offers_what_its_items_differ_by(boot, bob, client_for):
    services.create_item(by="user:1", sku="B-2", name="Rain boot", attributes={"color": "<green>"})
    page = client_for(bob).get("/dashboard/catalog/?q=boot").content.decode()
    assert "?q=boot&amp;attributes=color%3Ablack" in page
    assert "&lt;green&gt;" in page
    page = client_for(bob).get("/dashboard/catalog/?q=boot&attributes=color:black&attributes=x:").content.decode()
    assert "Safety boot" in page
    assert "Rain boot" not in page
    assert 'name="attributes" value="color:black"' in page  # the search box keeps it


def test_api_by_attributes(boot, victor, charlie, api_for):
    services.create_item(by="user:1", sku="B-2", name="Rain boot", attributes={"color": "green", "sizes": [41, 42]})
    found = lambda query: [  # noqa: E731
        row["sku"] for row in api_for(victor).get(f"/api/catalog/items/?{query}").data["results"]
    ]
    assert found("attributes=color:green") == ["B-2"]
    assert found("attributes=color:green&attributes=sizes:42") == ["B-2"]
    assert found("q=boot&attributes=color:black") == ["B-1"]
    assert found("attributes=color:pink") == []
    assert api_for(charlie, "globex").get("/api/catalog/items/?attributes=color:green").data["results"] == []


def test_api(acme, alice, bob, api_for):
    api = api_for(bob)
    shelf = {"name": "Boots", "names": {"ar": "أحذية"}}
    assert api.post("/api/catalog/categories/", shelf).status_code == 403
    shelf = api_for(alice).post("/api/catalog/categories/", shelf).data
    made = api.post("/api/catalog/items/", {
        "sku": "B-1", "name": "Safety boot", "price": "89.90", "currency": "AED", "category": shelf["id"], "stock": 3,
        "texts": {"ar": {"name": "حذاء أمان"}}, "attributes": {"sizes": [41, 42], "waterproof": True},
    })  # fmt: skip
    assert made.status_code == 201, made.data
    url = f"/api/catalog/items/{made.data['id']}/"
    assert api.get("/api/catalog/items/?q=حذاء&category=احذية").data["results"][0]["sku"] == "B-1"
    assert api.get("/api/catalog/items/?max_price=50").data["results"] == []
    assert api.post(f"{url}stock/", {"stock": 0}).data["stock"] == 0
    assert api.get("/api/catalog/items/?stock=no").data["results"][0]["sku"] == "B-1"
    assert api.patch(url, {"price": "70.00"}).data["price"] == "70.00"
    assert api.post("/api/catalog/items/", {"sku": "B-1", "name": "Other"}).status_code == 400
    assert api.delete(url).status_code == 403
    assert api_for(alice).delete(url).status_code == 204
    assert api.get("/api/catalog/items/").data["results"] == []
    assert api.post(f"{url}restore/").status_code == 403
    assert api_for(alice).post(f"{url}restore/").data["is_active"] is True
    assert api_for(alice).delete(f"/api/catalog/categories/{shelf['id']}/").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {}, {"sku": 5, "name": "x"}, {"sku": "a", "name": ["x"]}, {"sku": "a", "name": "x", "price": "x"}, {"sku": "a", "name": "x", "price": 1e30},
        {"sku": "a", "name": "x", "stock": 1.5}, {"sku": "a", "name": "x", "attributes": []}, {"sku": "a", "name": "x", "attributes": {"a": {"b": 1}}},
        {"sku": "a", "name": "x", "attributes": {"a": [[1]]}}, {"sku": "a", "name": "x", "texts": {"ar": "x"}}, {"sku": "a", "name": "x", "texts": 1},
        {"sku": "a", "name": "x", "category": 999999}, {"sku": "a", "name": "x", "currency": "12€"}, {"sku": "\x00", "name": "x"}, [], "x",
    ],
)  # fmt: skip
def test_bad_input_over_the_api(acme, bob, api_for, body):
    answer = api_for(bob).post("/api/catalog/items/", body)
    assert answer.status_code == 400, answer.data
    assert not Item.objects.exists()


def test_lists_cost_the_same_for_few_and_many(acme, bob, client_for, api_for, django_assert_max_num_queries):
    shelf = services.save_category(name="Boots")
    for n in range(30):
        item = services.create_item(by="user:1", sku=f"S-{n}", name=f"Safety boot {n}", category=shelf)
        services.add_image(item, url=f"https://example.com/{n}.jpg")
    client, api = client_for(bob), api_for(bob)
    for query in ["", "?q=boot"]:
        with django_assert_max_num_queries(16):
            client.get(f"/dashboard/catalog/{query}")
        with django_assert_max_num_queries(13):
            assert len(api.get(f"/api/catalog/items/{query}").data["results"]) == 30


def test_pictures_over_the_api(boot, bob, victor, charlie, api_for):
    api, url = api_for(bob), f"/api/catalog/items/{boot.pk}/images/"
    first = api.post(url, {"file": picture(), "alt": "From the side"}, format="multipart")
    assert first.status_code == 201, first.data
    assert first.data["src"].endswith(f"/{first.data['id']}/")
    second = api.post(url, {"url": "https://example.com/b.jpg"}, format="json")
    third = api.post(url, {"url": "https://example.com/c.jpg"}, format="json")
    keys = [third.data["id"], first.data["id"]]
    ordered = api.post(f"{url}order/", {"images": keys}, format="json").data["images"]
    assert [one["id"] for one in ordered] == [*keys, second.data["id"]]
    assert api_for(victor).post(url, {"url": "https://example.com/b.jpg"}, format="json").status_code == 403
    assert api_for(victor).delete(f"{url}{keys[0]}/").status_code == 403
    stranger = api_for(charlie, "globex")
    assert stranger.post(url, {"url": "https://example.com/b.jpg"}, format="json").status_code == 404
    assert stranger.delete(f"{url}{keys[0]}/").status_code == 404
    assert stranger.post(f"{url}order/", {"images": keys}, format="json").status_code == 404
    assert api.delete(f"{url}{keys[0]}/").status_code == 204
    assert api.delete(f"{url}{keys[0]}/").status_code == 404
    assert ItemImage.objects.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {}, {"url": "javascript:alert(1)"}, {"url": "x" * 9000}, {"url": ["https://example.com/a.jpg"]}, {"file": "x"},
        {"url": "https://example.com/a.jpg", "alt": "\x00"}, [], "x", {"url": "https://example.com/a.jpg", "alt": "a" * 201},
    ],
)  # fmt: skip
def test_bad_pictures_over_the_api(boot, bob, api_for, body):
    assert api_for(bob).post(f"/api/catalog/items/{boot.pk}/images/", body, format="json").status_code == 400
    assert not ItemImage.objects.exists()


def test_what_is_no_picture_is_refused_over_the_api(boot, bob, api_for):
    for content in (b"", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"x" * 99):
        file = io.BytesIO(content)
        file.name = "a.png"
        answer = api_for(bob).post(f"/api/catalog/items/{boot.pk}/images/", {"file": file}, format="multipart")
        assert answer.status_code == 400, answer.data
    assert not ItemImage.objects.exists()


@pytest.mark.parametrize("images", [None, "x", [0], ["x"], [10**30], [999_999], list(range(1, 40)), {"a": 1}])
def test_bad_orders_of_pictures(boot, bob, api_for, images):
    kept = services.add_image(boot, url="https://example.com/a.jpg")
    answer = api_for(bob).post(f"/api/catalog/items/{boot.pk}/images/order/", {"images": images}, format="json")
    assert answer.status_code == 400, answer.data
    assert list(boot.images.all()) == [kept]


def test_the_picture_of_another_item_is_not_removed(boot, bob, api_for):
    other = services.create_item(by="user:1", sku="B-2", name="Rain boot")
    image = services.add_image(other, url="https://example.com/a.jpg")
    assert api_for(bob).delete(f"/api/catalog/items/{boot.pk}/images/{image.pk}/").status_code == 404
    assert ItemImage.objects.exists()
