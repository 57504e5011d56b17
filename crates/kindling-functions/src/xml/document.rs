//! A document as a list of nodes in document order.

/// A node's place in its document: smaller stands earlier.
pub(crate) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The document itself.
    Root,
    Element,
    Attribute,
    Text,
    Comment,
    Instruction,
}

/// A node; `value` is empty for elements.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub name: String,
    pub value: String,
    pub parent: NodeId,
    pub attributes: Vec<NodeId>,
    pub children: Vec<NodeId>,
}

/// A parsed document; node 0 is its root.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub nodes: Vec<Node>,
}

impl Document {
    /// A document without content.
    pub fn new() -> Document {
        let mut document = Document { nodes: vec![] };
        document.add(Kind::Root, 0, String::new(), String::new());
        document
    }

    /// Adds a node under a parent.
    pub fn add(&mut self, kind: Kind, parent: NodeId, name: String, value: String) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { kind, name, value, parent, attributes: vec![], children: vec![] });
        if id > 0 {
            let parent = &mut self.nodes[parent];
            if kind == Kind::Attribute { parent.attributes.push(id) } else { parent.children.push(id) }
        }
        id
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The document's element.
    pub fn element(&self) -> Option<NodeId> {
        self.nodes[0].children.iter().copied().find(|id| self.nodes[*id].kind == Kind::Element)
    }

    /// XPath's string value: an element's is all text in it.
    pub fn string_value(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.kind {
            Kind::Root | Kind::Element => {
                let mut out = String::new();
                self.collect_text(id, &mut out);
                out
            }
            _ => node.value.clone(),
        }
    }

    fn collect_text(&self, id: NodeId, out: &mut String) {
        for child in &self.node(id).children {
            match self.node(*child).kind {
                Kind::Text => out.push_str(&self.node(*child).value),
                Kind::Element => self.collect_text(*child, out),
                _ => {}
            }
        }
    }

    /// The node and everything below it, in document order, without attributes.
    pub fn descendants_or_self(&self, id: NodeId, out: &mut Vec<NodeId>) {
        out.push(id);
        for child in &self.node(id).children {
            self.descendants_or_self(*child, out);
        }
    }
}
