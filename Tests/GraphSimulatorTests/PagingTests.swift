internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct PagingTests {
  /// Follows `paging.next` as it is, at most `limit` times.
  private func follow(_ graph: Graph, _ path: String, limit: Int = 100) -> [JSONValue] {
    var pages = [graph.get(path).json]
    while let next = pages[pages.count - 1]["paging"]?["next"]?.string, pages.count < limit {
      pages.append(graph.request("GET", String(next.dropFirst(graph.server.url.utf8.count))).json)
    }
    return pages
  }

  private func ids(_ pages: [JSONValue]) -> [String] {
    pages.flatMap { ($0["data"]?.array ?? []).compactMap { $0["id"]?.string } }
  }

  @Test func `following next gives every row once`() throws {
    let graph = try Graph()
    for limit in [1, 7, 25, 87, 100] {
      let pages = follow(graph, "/\(Demo.instagram)/media?limit=\(limit)")
      #expect(pages.count == (87 + limit - 1) / limit)
      #expect(ids(pages).count == 87)
      #expect(Set(ids(pages)).count == 87)
    }
  }

  @Test func `a page has 25 rows, and the last one has cursors but no next`() throws {
    let pages = follow(try Graph(), "/\(Demo.instagram)/media")
    #expect(pages.map { $0["data"]?.array?.count } == [25, 25, 25, 12])
    #expect(pages[3]["paging"]?["cursors"]?["after"]?.string != nil)
    #expect(pages[3]["paging"]?["next"] == nil)
    #expect(pages[0]["paging"]?["previous"] == nil)
    #expect(pages[3]["paging"]?["previous"] != nil)
  }

  @Test func `previous leads back`() throws {
    let graph = try Graph()
    let pages = follow(graph, "/\(Demo.instagram)/media?limit=10")
    let previous = try #require(pages[2]["paging"]?["previous"]?.string)
    let back = graph.request("GET", String(previous.dropFirst(graph.server.url.utf8.count))).json
    #expect(ids([back]) == ids([pages[1]]))
  }

  @Test func `next is a whole URL with the token and all that was asked`() throws {
    let graph = try Graph()
    let next = try #require(
      graph.get("/me/accounts?limit=1&fields=id,picture%7Burl%7D&summary=1").json["paging"]?["next"]?.string)
    #expect(next.hasPrefix("\(graph.server.url)/v26.0/123456789/accounts?access_token=EAAB"))
    #expect(next.contains("&fields=id%2Cpicture%7Burl%7D&"))
    #expect(next.contains("&summary=1&"))
    #expect(next.contains("&limit=1&after="))
  }

  @Test func `the cursor alone, put into after, continues`() throws {
    let graph = try Graph()
    let first = graph.get("/\(Demo.instagram)/media?limit=5").json
    let cursor = try #require(first["paging"]?["cursors"]?["after"]?.string)
    let second = graph.get("/\(Demo.instagram)/media?limit=5&after=\(cursor)").json
    #expect(ids([first, second]) == Array(ids([graph.get("/\(Demo.instagram)/media").json]).prefix(10)))
    let expanded = graph.get("/\(Demo.instagram)?fields=media.limit(5).after(\(cursor)){id}").json["media"]
    #expect(ids([try #require(expanded)]) == ids([second]))
  }

  @Test func `the next of an expanded edge points to the edge`() throws {
    let graph = try Graph()
    let media = graph.get("/\(Demo.instagram)?fields=username,media.limit(2){caption}").json["media"]
    let next = try #require(media?["paging"]?["next"]?.string)
    #expect(next.hasPrefix("\(graph.server.url)/v26.0/\(Demo.instagram)/media?"))
    #expect(next.contains("fields=caption&limit=2&after="))
    #expect(!next.contains("username"))
  }

  @Test func `after the last row there is nothing, as recorded`() throws {
    let graph = try Graph()
    let last = follow(graph, "/\(Demo.instagram)/media?limit=100")[0]
    let cursor = try #require(last["paging"]?["cursors"]?["after"]?.string)
    let past = graph.get("/\(Demo.instagram)/media?after=\(cursor)")
    #expect(try past.body == Recording.bytes("edge_page_past_end_empty.json"))
  }

  @Test(arguments: ["limit=101", "limit=-1", "limit=x", "after=nonsense", "after=QVFIUjAtWkE"])
  func `a window that cannot be is code 100`(parameter: String) throws {
    let reply = try Graph().get("/\(Demo.instagram)/media?\(parameter)")
    #expect(reply.status == 400)
    #expect(reply.error?["code"] == 100)
  }

  @Test func `a cursor of one edge is none of another`() throws {
    let graph = try Graph()
    let cursor = try #require(graph.get("/me/accounts").json["paging"]?["cursors"]?["after"]?.string)
    #expect(graph.get("/\(Demo.instagram)/media?after=\(cursor)").error?["code"] == 100)
  }

  @Test func `a summary counts all rows`() throws {
    let graph = try Graph()
    #expect(graph.get("/me/accounts?limit=1&summary=total_count").json["summary"]?["total_count"] == 2)
    #expect(graph.get("/me/accounts").json["summary"] == nil)
  }

  @Test func `since and until choose by time`() throws {
    let graph = try Graph()
    let since = GraphTime.time(2025, 12, 17)
    let reply = graph.get("/\(Demo.instagram)/media?since=\(since)&until=\(since + 86_400)")
    #expect(ids([reply.json]) == ["17888888888888888"])
  }

  @Test func `a short page still has a next, and no row is lost`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.paging(.shortPage), count: 2))
    let pages = follow(graph, "/\(Demo.instagram)/media")
    #expect(pages.map { $0["data"]?.array?.count } == [13, 13, 25, 25, 11])
    #expect(Set(ids(pages)).count == 87)
  }

  @Test func `an empty page still has a next with a new cursor`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.paging(.emptyPage), count: 2))
    let pages = follow(graph, "/\(Demo.instagram)/media?limit=50")
    #expect(pages.map { $0["data"]?.array?.count } == [0, 0, 50, 37])
    #expect(pages[0].object?.keys == ["data", "paging"])
    #expect(pages[0]["paging"]?["cursors"] != pages[1]["paging"]?["cursors"])
    #expect(Set(ids(pages)).count == 87)
  }

  @Test func `a trailing next leads to an empty list`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.paging(.trailingNext)))
    let pages = follow(graph, "/me/accounts")
    #expect(pages.map { $0["data"]?.array?.count } == [2, 0])
    #expect(pages[1]["paging"] == nil)
  }

  @Test func `a looping cursor loops`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.paging(.loopingCursor)))
    let pages = follow(graph, "/\(Demo.instagram)/media?limit=10", limit: 12)
    #expect(pages.count == 12)
    #expect(pages[2] == pages[11])
  }

  @Test func `odd pagings are switched on by name`() throws {
    let graph = try Graph()
    func list(_ kind: String, _ query: String = "") -> JSONValue {
      _ = graph.control("DELETE", "faults")
      _ = graph.control("POST", "faults", #"{"kind":"\#(kind)"}"#)
      return graph.get("/me/accounts?\(query)").json
    }
    #expect(list("nulls")["paging"]?["next"] == .null)
    _ = graph.control("POST", "faults", #"{"kind":"nulls"}"#)
    #expect(graph.get("/me/accounts", as: "no-pages").json["data"] == .null)
    let bare = list("no_cursors", "limit=1")["paging"]
    #expect(bare?["cursors"] == nil)
    #expect(bare?["next"]?.string?.contains("after=") == true)
    let offset = list("offset_next", "limit=1")["paging"]
    #expect(offset?["cursors"] == nil)
    #expect(offset?["next"]?.string?.contains("offset=1") == true)
  }

  @Test func `a field can be refused alone, and numbers can be texts`() throws {
    let graph = try Graph()
    _ = graph.control("POST", "faults", #"{"kind":"field","field":"instagram_business_account","code":200}"#)
    #expect(graph.get("/me/accounts?fields=id,instagram_business_account{id}").error?["code"] == 200)
    #expect(graph.get("/me/accounts?fields=id").status == 200)
    _ = graph.control("DELETE", "faults")
    _ = graph.control("POST", "faults", #"{"kind":"numbers_as_strings"}"#)
    #expect(graph.get("/\(Demo.instagram)?fields=followers_count").json["followers_count"] == "5432")
  }
}
